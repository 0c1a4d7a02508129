//! From a value to an array.

use serde::{
    Serialize, Serializer,
    ser::{SerializeSeq, SerializeTuple, SerializeTupleStruct},
};

use super::{Array, Dtype, count, header, nd};
use crate::format::refused::{Refused, refuse, refuse_what_has_names};

/// The bytes of a value.
pub(super) fn array<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Refused> {
    let numbers = numbers(value)?;
    let dtype = numbers.dtype.unwrap_or(Dtype::F64);
    let shape = numbers.shape()?;
    Ok(header::write(&Array { dtype, shape, data: &numbers.data }))
}

/// The numbers in a value.
pub(super) fn numbers<T: Serialize + ?Sized>(value: &T) -> Result<Numbers, Refused> {
    let mut numbers = Numbers::default();
    value.serialize(Writer { numbers: &mut numbers, depth: 0 })?;
    Ok(numbers)
}

/// What is known of an array so far.
#[derive(Default)]
pub(super) struct Numbers {
    pub(super) dtype: Option<Dtype>,
    /// How many elements an array has, by how deep it is; `None` while the first one is not at its end.
    sizes: Vec<Option<usize>>,
    /// How deep the numbers are.
    depth: Option<usize>,
    pub(super) data: Vec<u8>,
}

pub(super) fn other() -> Refused {
    Refused("`npy` takes numbers of one type, in vectors or arrays; `msgpack` takes the rest".to_owned())
}

fn ragged() -> Refused {
    Refused("the arrays in it differ in size; `npy` takes those of one size".to_owned())
}

impl Numbers {
    fn shape(&self) -> Result<Vec<usize>, Refused> {
        let shape: Option<Vec<_>> = self.sizes.iter().copied().collect();
        let shape = shape.filter(|shape| count(shape).is_some());
        shape.ok_or_else(|| Refused("it has more dimensions or more empty arrays than `npy` takes".to_owned()))
    }

    /// Gives it the shape of an array whose numbers came as one row.
    pub(super) fn reshape(&mut self, shape: &[u64]) -> Result<(), Refused> {
        self.sizes = shape.iter().map(|size| usize::try_from(*size).ok()).collect();
        let size = self.dtype.map_or(1, Dtype::size);
        let fits = count(&self.shape()?).is_some_and(|count| count * size == self.data.len());
        if fits { Ok(()) } else { Err(other()) }
    }

    fn number(&mut self, depth: usize, dtype: Dtype, bytes: &[u8]) -> Result<(), Refused> {
        let same = *self.dtype.get_or_insert(dtype) == dtype;
        if !same || *self.depth.get_or_insert(depth) != depth || self.sizes.len() > depth {
            return Err(other());
        }
        self.data.extend_from_slice(bytes);
        Ok(())
    }

    fn open(&mut self, depth: usize) -> Result<(), Refused> {
        if self.depth.is_some_and(|numbers| depth >= numbers) || depth >= super::MOST_DIMENSIONS {
            return Err(other());
        }
        if self.sizes.len() == depth {
            self.sizes.push(None);
        }
        Ok(())
    }

    fn close(&mut self, depth: usize, size: usize) -> Result<(), Refused> {
        if *self.sizes[depth].get_or_insert(size) == size { Ok(()) } else { Err(ragged()) }
    }
}

pub(super) struct Writer<'n> {
    pub(super) numbers: &'n mut Numbers,
    depth: usize,
}

macro_rules! numbers {
    ($($method:ident($type:ty) $dtype:ident;)*) => { $(
        fn $method(self, number: $type) -> Result<(), Refused> {
            self.numbers.number(self.depth, Dtype::$dtype, &number.to_le_bytes())
        }
    )* };
}

impl<'n> Writer<'n> {
    fn open(self) -> Result<Row<'n>, Refused> {
        self.numbers.open(self.depth)?;
        Ok(Row { numbers: self.numbers, depth: self.depth, size: 0 })
    }
}

impl<'n> Serializer for Writer<'n> {
    type Ok = ();
    type Error = Refused;
    type SerializeSeq = Row<'n>;
    type SerializeTuple = Row<'n>;
    type SerializeTupleStruct = Row<'n>;
    type SerializeStruct = nd::Fields<'n>;

    refuse_what_has_names!(other());

    refuse! { other();
        serialize_str(&str) -> ();
        serialize_bytes(&[u8]) -> ();
    }

    numbers! {
        serialize_i8(i8) I8;
        serialize_i16(i16) I16;
        serialize_i32(i32) I32;
        serialize_i64(i64) I64;
        serialize_u8(u8) U8;
        serialize_u16(u16) U16;
        serialize_u32(u32) U32;
        serialize_u64(u64) U64;
        serialize_f32(f32) F32;
        serialize_f64(f64) F64;
    }

    fn serialize_bool(self, value: bool) -> Result<(), Refused> {
        self.numbers.number(self.depth, Dtype::Bool, &[u8::from(value)])
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Row<'n>, Refused> {
        self.open()
    }

    fn serialize_tuple(self, _: usize) -> Result<Row<'n>, Refused> {
        self.open()
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Row<'n>, Refused> {
        self.open()
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<nd::Fields<'n>, Refused> {
        if name == nd::NAME && self.depth == 0 { Ok(nd::Fields::new(self.numbers)) } else { Err(other()) }
    }
}

/// An array that is being written.
pub(super) struct Row<'n> {
    numbers: &'n mut Numbers,
    depth: usize,
    size: usize,
}

macro_rules! row {
    ($($compound:ident: $method:ident;)*) => { $(
        impl $compound for Row<'_> {
            type Ok = ();
            type Error = Refused;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
                self.size += 1;
                value.serialize(Writer { numbers: self.numbers, depth: self.depth + 1 })
            }

            fn end(self) -> Result<(), Refused> {
                self.numbers.close(self.depth, self.size)
            }
        }
    )* };
}

row! {
    SerializeSeq: serialize_element;
    SerializeTuple: serialize_element;
    SerializeTupleStruct: serialize_field;
}
