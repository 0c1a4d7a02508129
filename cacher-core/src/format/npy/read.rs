//! From an array to a value.

use serde::{
    Deserializer,
    de::{DeserializeOwned, DeserializeSeed, SeqAccess, Visitor},
    forward_to_deserialize_any,
};

use super::{Array, Dtype, nd, write::other};
use crate::format::refused::Refused;

/// The value of this type that an array is.
pub(super) fn value<T: DeserializeOwned>(array: &Array<'_>) -> Result<T, Refused> {
    let mut left = array.data;
    let value = T::deserialize(Reader { dtype: array.dtype, shape: &array.shape, left: &mut left })?;
    if left.is_empty() { Ok(value) } else { Err(other()) }
}

/// An array in the array, or a number, whose bytes come next.
pub(super) struct Reader<'r, 'a> {
    dtype: Dtype,
    /// What is left of the shape.
    shape: &'r [usize],
    left: &'r mut &'a [u8],
}

impl<'a> Reader<'_, 'a> {
    pub(super) fn shape(&self) -> &[usize] {
        self.shape
    }

    /// All numbers as one row.
    pub(super) fn row(&mut self) -> Row<'_, 'a> {
        let size = self.left.len() / self.dtype.size();
        Row { dtype: self.dtype, shape: &[], left: self.left, size }
    }

    fn bytes<const N: usize>(self, dtype: Dtype) -> Result<[u8; N], Refused> {
        if self.dtype != dtype || !self.shape.is_empty() {
            return Err(other());
        }
        let (bytes, left) = self.left.split_first_chunk().ok_or_else(other)?;
        *self.left = left;
        Ok(*bytes)
    }

    fn rows<'de, V: Visitor<'de>>(self, size: Option<usize>, visitor: V) -> Result<V::Value, Refused> {
        let (first, shape) = self.shape.split_first().ok_or_else(other)?;
        if size.is_some_and(|size| size != *first) {
            return Err(other());
        }
        visitor.visit_seq(Row { dtype: self.dtype, shape, left: self.left, size: *first })
    }
}

macro_rules! numbers {
    ($($deserialize:ident $visit:ident $type:ident $dtype:ident;)*) => {
        $(fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
            visitor.$visit($type::from_le_bytes(self.bytes(Dtype::$dtype)?))
        })*

        /// What is asked for only by types that take what comes.
        fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
            match self.dtype {
                _ if !self.shape.is_empty() => self.rows(None, visitor),
                Dtype::Bool => self.deserialize_bool(visitor),
                $(Dtype::$dtype => self.$deserialize(visitor),)*
            }
        }
    };
}

impl<'de> Deserializer<'de> for Reader<'_, '_> {
    type Error = Refused;

    numbers! {
        deserialize_i8 visit_i8 i8 I8;
        deserialize_i16 visit_i16 i16 I16;
        deserialize_i32 visit_i32 i32 I32;
        deserialize_i64 visit_i64 i64 I64;
        deserialize_u8 visit_u8 u8 U8;
        deserialize_u16 visit_u16 u16 U16;
        deserialize_u32 visit_u32 u32 U32;
        deserialize_u64 visit_u64 u64 U64;
        deserialize_f32 visit_f32 f32 F32;
        deserialize_f64 visit_f64 f64 F64;
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        match self.bytes(Dtype::Bool)? {
            [byte @ 0..=1] => visitor.visit_bool(byte == 1),
            _ => Err(other()),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.rows(None, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, size: usize, visitor: V) -> Result<V::Value, Refused> {
        self.rows(Some(size), visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        size: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.rows(Some(size), visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        if name == nd::NAME { visitor.visit_seq(nd::Parts { reader: self, next: 0 }) } else { Err(other()) }
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf option unit unit_struct map enum identifier ignored_any
    }
}

/// The elements of an array, one after the other.
pub(super) struct Row<'r, 'a> {
    dtype: Dtype,
    /// The shape of each.
    shape: &'r [usize],
    left: &'r mut &'a [u8],
    size: usize,
}

impl<'de> SeqAccess<'de> for Row<'_, '_> {
    type Error = Refused;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Refused> {
        let Some(size) = self.size.checked_sub(1) else { return Ok(None) };
        self.size = size;
        seed.deserialize(Reader { dtype: self.dtype, shape: self.shape, left: self.left }).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.size)
    }
}

/// As one row it is a sequence, and nothing else.
impl<'de> Deserializer<'de> for Row<'_, '_> {
    type Error = Refused;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_seq(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
