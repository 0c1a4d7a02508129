//! A serializer that lets nothing through that would come back as another value.

use std::fmt;

use serde::ser::{
    Error, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::MAX_DEPTH;

/// The name under which `serde_json` hands its `RawValue` to a serializer.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// Of all finite `f32`, the one (and its negative) whose shortest decimal digits are another `f32` once they were read
/// as an `f64`, as text is by types that are read before it is known what they are: `#[serde(untagged)]` and its like.
const ROUNDED_TWICE: f32 = f32::from_bits(0x15ae_43fd);

/// Wraps a serializer, or a compound of one: passes all on, and fails where a [`Refusal`] applies.
pub(super) struct Faithful<S> {
    inner: S,
    place: Place,
}

/// Where in the value the serializer is.
#[derive(Clone, Copy)]
struct Place {
    /// Whether numbers are written as decimal digits, so that those that are not finite have none.
    decimal: bool,
    /// Whether what comes is told apart by where it stands, so that `Some` of nothing is no `None`.
    by_position: bool,
    /// Directly in a `Some`, or in newtypes within one: what comes now must be told from `None`.
    in_some: bool,
    /// How many arrays and objects enclose it, and how many of a chain of `Some` but for the first.
    depth: u8,
}

/// Why a value is not stored.
enum Refusal {
    SomeOfNothing,
    NotFinite,
    TooDeep,
    RawText,
    Skipped,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SomeOfNothing => f.write_str("a `Some` of nothing, like `Some(None)`, would come back as `None`"),
            Self::NotFinite => f.write_str("a number that is not finite would come back as null; msgpack keeps it"),
            Self::TooDeep => write!(f, "it is nested deeper than {MAX_DEPTH} levels"),
            Self::RawText => f.write_str("the text of a `RawValue` is not kept as it is; use `serde_json::Value`"),
            Self::Skipped => f.write_str("a field that is left out would be read as the next one"),
        }
    }
}

impl<S> Faithful<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner, place: Place { decimal: false, by_position: false, in_some: false, depth: 0 } }
    }

    /// Takes the wrapped serializer for one that writes numbers as decimal digits, and refuses those that have none.
    #[cfg(feature = "json")]
    pub(super) fn decimal(self) -> Self {
        Self { place: Place { decimal: true, ..self.place }, ..self }
    }

    /// Takes the wrapped serializer for one that writes everything at its place, and no names.
    #[cfg(feature = "postcard")]
    pub(super) fn by_position(self) -> Self {
        Self { place: Place { by_position: true, ..self.place }, ..self }
    }
}

impl<S: Serializer> Faithful<S> {
    /// The wrapped serializer, for what is written like `None`.
    fn nothing(self) -> Result<S, S::Error> {
        let lost = self.place.in_some && !self.place.by_position;
        if lost { Err(S::Error::custom(Refusal::SomeOfNothing)) } else { Ok(self.inner) }
    }

    /// The wrapped serializer, for a floating-point number.
    fn number(self, is_finite: bool) -> Result<S, S::Error> {
        let lost = self.place.decimal && !is_finite;
        if lost { Err(S::Error::custom(Refusal::NotFinite)) } else { Ok(self.inner) }
    }

    /// The place of what is `levels` further in.
    fn further_in(&self, levels: u8) -> Result<Place, S::Error> {
        let depth = self.place.depth + levels;
        if depth > MAX_DEPTH {
            return Err(S::Error::custom(Refusal::TooDeep));
        }
        Ok(Place { in_some: false, depth, ..self.place })
    }

    /// The compound that `start` begins, wrapped as well.
    fn compound<C>(self, levels: u8, start: impl FnOnce(S) -> Result<C, S::Error>) -> Result<Faithful<C>, S::Error> {
        let place = self.further_in(levels)?;
        Ok(Faithful { inner: start(self.inner)?, place })
    }
}

/// A part of a value, that wraps the serializer it is given.
struct Part<'a, T: ?Sized> {
    value: &'a T,
    place: Place,
}

impl<T: Serialize + ?Sized> Serialize for Part<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(Faithful { inner: serializer, place: self.place })
    }
}

macro_rules! pass_on {
    ($($method:ident($type:ty))*) => {$(
        fn $method(self, value: $type) -> Result<Self::Ok, Self::Error> {
            self.inner.$method(value)
        }
    )*};
}

impl<S: Serializer> Serializer for Faithful<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Faithful<S::SerializeSeq>;
    type SerializeTuple = Faithful<S::SerializeTuple>;
    type SerializeTupleStruct = Faithful<S::SerializeTupleStruct>;
    type SerializeTupleVariant = Faithful<S::SerializeTupleVariant>;
    type SerializeMap = Faithful<S::SerializeMap>;
    type SerializeStruct = Faithful<S::SerializeStruct>;
    type SerializeStructVariant = Faithful<S::SerializeStructVariant>;

    pass_on! {
        serialize_bool(bool) serialize_char(char) serialize_str(&str) serialize_bytes(&[u8])
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64) serialize_i128(i128)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64) serialize_u128(u128)
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.collect_str(value)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }

    fn serialize_f32(self, value: f32) -> Result<S::Ok, S::Error> {
        let digits_are_lost = self.place.decimal && value.abs().to_bits() == ROUNDED_TWICE.to_bits();
        let inner = self.number(value.is_finite())?;
        if digits_are_lost { inner.serialize_f64(value.into()) } else { inner.serialize_f32(value) }
    }

    fn serialize_f64(self, value: f64) -> Result<S::Ok, S::Error> {
        self.number(value.is_finite())?.serialize_f64(value)
    }

    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.nothing()?.serialize_none()
    }

    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.nothing()?.serialize_unit()
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<S::Ok, S::Error> {
        self.nothing()?.serialize_unit_struct(name)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        let place = Place { in_some: true, ..self.further_in(u8::from(self.place.in_some))? };
        self.inner.serialize_some(&Part { value, place })
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.serialize_newtype_struct(name, &Part { value, place: self.place })
    }

    fn serialize_unit_variant(self, name: &'static str, index: u32, variant: &'static str) -> Result<S::Ok, S::Error> {
        self.inner.serialize_unit_variant(name, index, variant)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let place = self.further_in(1)?;
        self.inner.serialize_newtype_variant(name, index, variant, &Part { value, place })
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        self.compound(1, |inner| inner.serialize_seq(len))
    }

    fn serialize_tuple(self, len: usize) -> Result<Self::SerializeTuple, S::Error> {
        self.compound(1, |inner| inner.serialize_tuple(len))
    }

    fn serialize_tuple_struct(self, name: &'static str, len: usize) -> Result<Self::SerializeTupleStruct, S::Error> {
        self.compound(1, |inner| inner.serialize_tuple_struct(name, len))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        self.compound(2, |inner| inner.serialize_tuple_variant(name, index, variant, len))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        self.compound(1, |inner| inner.serialize_map(len))
    }

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Self::SerializeStruct, S::Error> {
        if name == RAW_VALUE {
            return Err(S::Error::custom(Refusal::RawText));
        }
        self.compound(1, |inner| inner.serialize_struct(name, len))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        self.compound(2, |inner| inner.serialize_struct_variant(name, index, variant, len))
    }
}

/// A compound whose parts have no names.
macro_rules! compound_of_parts {
    ($($compound:ident: $($method:ident)+;)*) => {$(
        impl<S: $compound> $compound for Faithful<S> {
            type Ok = S::Ok;
            type Error = S::Error;

            $(fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
                self.inner.$method(&Part { value, place: self.place })
            })+

            fn end(self) -> Result<S::Ok, S::Error> {
                self.inner.end()
            }
        }
    )*};
}

compound_of_parts! {
    SerializeSeq: serialize_element;
    SerializeTuple: serialize_element;
    SerializeTupleStruct: serialize_field;
    SerializeTupleVariant: serialize_field;
    SerializeMap: serialize_key serialize_value;
}

/// A compound whose parts have names.
macro_rules! compound_of_fields {
    ($($compound:ident)*) => {$(
        impl<S: $compound> $compound for Faithful<S> {
            type Ok = S::Ok;
            type Error = S::Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), S::Error> {
                self.inner.serialize_field(key, &Part { value, place: self.place })
            }

            fn skip_field(&mut self, key: &'static str) -> Result<(), S::Error> {
                if self.place.by_position {
                    return Err(S::Error::custom(Refusal::Skipped));
                }
                self.inner.skip_field(key)
            }

            fn end(self) -> Result<S::Ok, S::Error> {
                self.inner.end()
            }
        }
    )*};
}

compound_of_fields! { SerializeStruct SerializeStructVariant }
