//! `raw`: bytes and text as they are.

use serde::{
    Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, DeserializeSeed, IntoDeserializer, SeqAccess, Visitor},
    forward_to_deserialize_any,
    ser::{Impossible, SerializeSeq, SerializeTuple, SerializeTupleStruct},
};

use super::{
    damaged,
    refused::{Refused, refuse, refuse_what_has_names},
};
use crate::error::{Error, Kind, Result as Outcome};

pub(super) fn encode<T: Serialize + ?Sized>(value: &T) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    match value.serialize(Writer { bytes: &mut bytes, inside: false }) {
        Ok(()) => Ok(bytes),
        Err(error) => Err(Error::new(Kind::Unstorable, "the value can't be stored as raw").caused_by(error)),
    }
}

pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Outcome<T> {
    // What serde says may quote the value.
    T::deserialize(Reader(bytes)).map_err(|_| damaged("the bytes are no value of this type"))
}

fn other() -> Refused {
    Refused("`raw` takes a `Vec<u8>`, other bytes or a `String` alone; `msgpack` takes the rest".to_owned())
}

struct Writer<'b> {
    bytes: &'b mut Vec<u8>,
    /// Whether it is in a sequence, where a byte is taken, and nothing else.
    inside: bool,
}

impl Writer<'_> {
    fn whole(self, bytes: &[u8]) -> Result<(), Refused> {
        if self.inside {
            return Err(other());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn start(self) -> Result<Self, Refused> {
        if self.inside { Err(other()) } else { Ok(self) }
    }

    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
        value.serialize(Writer { bytes: self.bytes, inside: true })
    }
}

impl Serializer for Writer<'_> {
    type Ok = ();
    type Error = Refused;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeStruct = Impossible<(), Refused>;

    refuse_what_has_names!(other());

    refuse! { other();
        serialize_bool(bool) -> ();
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_u16(u16) -> ();
        serialize_u32(u32) -> ();
        serialize_u64(u64) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_struct(&'static str, usize) -> Self::SerializeStruct;
    }

    fn serialize_u8(self, byte: u8) -> Result<(), Refused> {
        if !self.inside {
            return Err(other());
        }
        self.bytes.push(byte);
        Ok(())
    }

    fn serialize_str(self, text: &str) -> Result<(), Refused> {
        self.whole(text.as_bytes())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Refused> {
        self.whole(bytes)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self, Refused> {
        self.start()
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, Refused> {
        self.start()
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Refused> {
        self.start()
    }
}

macro_rules! sequence {
    ($($compound:ident: $method:ident;)*) => { $(
        impl $compound for Writer<'_> {
            type Ok = ();
            type Error = Refused;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
                self.push(value)
            }

            fn end(self) -> Result<(), Refused> {
                Ok(())
            }
        }
    )* };
}

sequence! {
    SerializeSeq: serialize_element;
    SerializeTuple: serialize_element;
    SerializeTupleStruct: serialize_field;
}

struct Reader<'a>(&'a [u8]);

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Refused;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_bytes(self.0)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_str(std::str::from_utf8(self.0).map_err(|_| other())?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_str(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let mut left = Reader(self.0);
        let value = visitor.visit_seq(&mut left)?;
        if left.0.is_empty() { Ok(value) } else { Err(other()) }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_newtype_struct(self)
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf option unit unit_struct map struct
        enum identifier ignored_any
    }
}

impl<'de> SeqAccess<'de> for Reader<'_> {
    type Error = Refused;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Refused> {
        let Some((byte, rest)) = self.0.split_first() else { return Ok(None) };
        self.0 = rest;
        seed.deserialize(byte.into_deserializer()).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}
