//! Arrays of the crate `ndarray`: a struct of a version, the shape and one row of numbers.

use serde::{
    Serialize,
    de::{DeserializeSeed, IntoDeserializer, SeqAccess, value::SeqDeserializer},
    ser::SerializeStruct,
};

use super::{
    Dtype,
    read::Reader,
    write::{self, Numbers, other},
};
use crate::format::refused::Refused;

pub(super) const NAME: &str = "Array";
/// The version of the struct.
const VERSION: u8 = 1;

/// The struct while it is written.
pub(super) struct Fields<'n> {
    numbers: &'n mut Numbers,
    shape: Vec<u64>,
}

impl<'n> Fields<'n> {
    pub(super) fn new(numbers: &'n mut Numbers) -> Self {
        Self { numbers, shape: Vec::new() }
    }
}

impl SerializeStruct for Fields<'_> {
    type Ok = ();
    type Error = Refused;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Refused> {
        let field = write::numbers(value)?;
        match name {
            "v" if field.dtype == Some(Dtype::U8) && field.data == [VERSION] => {}
            "dim" if field.dtype.is_none_or(|dtype| dtype == Dtype::U64) => {
                self.shape = field.data.as_chunks().0.iter().map(|size| u64::from_le_bytes(*size)).collect();
            }
            "data" => *self.numbers = field,
            _ => return Err(other()),
        }
        Ok(())
    }

    fn end(self) -> Result<(), Refused> {
        self.numbers.reshape(&self.shape)
    }
}

/// The struct while it is read: its fields in order.
pub(super) struct Parts<'r, 'a> {
    pub(super) reader: Reader<'r, 'a>,
    pub(super) next: u8,
}

impl<'de> SeqAccess<'de> for Parts<'_, '_> {
    type Error = Refused;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Refused> {
        self.next += 1;
        match self.next {
            1 => seed.deserialize(VERSION.into_deserializer()).map(Some),
            2 => {
                let shape = self.reader.shape().iter().map(|size| *size as u64);
                seed.deserialize(SeqDeserializer::new(shape)).map(Some)
            }
            3 => seed.deserialize(self.reader.row()).map(Some),
            _ => Ok(None),
        }
    }
}
