use std::iter;

use serde::{Serialize, Serializer};

use super::{
    SET,
    compound::{Counted, Distinct, Elements, Entries},
    failure::Failure,
    tag::Tag,
};

/// Appends one value to `out`.
pub(super) struct Encoder<'a> {
    out: &'a mut Vec<u8>,
    levels_left: u8,
    inside_set: bool,
}

impl<'a> Encoder<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, levels_left: u8) -> Self {
        Self { out, levels_left, inside_set: false }
    }

    /// Appends a value that is inside the one being encoded.
    pub(super) fn nested<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        let levels_left = self.one_level_down()?;
        value.serialize(Encoder::new(self.out, levels_left))
    }

    /// Encodes a value that is inside the one being encoded, for the caller to put in its place.
    pub(super) fn apart<T: Serialize + ?Sized>(&self, value: &T) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        value.serialize(Encoder::new(&mut bytes, self.one_level_down()?))?;
        Ok(bytes)
    }

    pub(super) fn tag(&mut self, tag: Tag) {
        self.out.push(tag as u8);
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    pub(super) fn number(&mut self, number: usize) {
        self.out.extend(leb128(number));
    }

    pub(super) fn prefixed(&mut self, bytes: &[u8]) {
        self.number(bytes.len());
        self.raw(bytes);
    }

    pub(super) fn position(&self) -> usize {
        self.out.len()
    }

    pub(super) fn insert_number(&mut self, position: usize, number: usize) {
        self.out.splice(position..position, leb128(number));
    }

    fn one_level_down(&self) -> Result<u8, Failure> {
        self.levels_left.checked_sub(1).ok_or_else(Failure::too_deep)
    }

    fn set<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Failure> {
        let levels_left = self.one_level_down()?;
        value.serialize(Self { levels_left, inside_set: true, ..self })
    }

    fn variant(&mut self, tag: Tag, name: &str) {
        self.tag(tag);
        self.prefixed(name.as_bytes());
    }
}

/// The digits of a number in base 128, lowest first, each but the last with its top bit set.
fn leb128(number: usize) -> impl Iterator<Item = u8> {
    let higher = |&rest: &usize| Some(rest >> 7).filter(|&rest| rest > 0);
    iter::successors(Some(number), higher).map(|rest| {
        let [lowest, ..] = rest.to_le_bytes();
        if rest > 0x7f { lowest | 0x80 } else { lowest }
    })
}

macro_rules! fixed_width {
    ($($method:ident($number:ty) => $tag:ident;)*) => {
        $(fn $method(mut self, value: $number) -> Result<(), Failure> {
            self.tag(Tag::$tag);
            self.raw(&value.to_be_bytes());
            Ok(())
        })*
    };
}

impl<'a> Serializer for Encoder<'a> {
    type Ok = ();
    type Error = Failure;
    type SerializeSeq = Elements<'a>;
    type SerializeTuple = Counted<'a>;
    type SerializeTupleStruct = Counted<'a>;
    type SerializeTupleVariant = Counted<'a>;
    type SerializeMap = Entries<'a>;
    type SerializeStruct = Counted<'a>;
    type SerializeStructVariant = Counted<'a>;

    fixed_width! {
        serialize_u8(u8) => U8;
        serialize_u16(u16) => U16;
        serialize_u32(u32) => U32;
        serialize_u64(u64) => U64;
        serialize_u128(u128) => U128;
        serialize_i8(i8) => I8;
        serialize_i16(i16) => I16;
        serialize_i32(i32) => I32;
        serialize_i64(i64) => I64;
        serialize_i128(i128) => I128;
        serialize_f32(f32) => F32;
        serialize_f64(f64) => F64;
    }

    /// Readable forms say more: serde's compact `SocketAddrV6` has no scope, so two links would share an entry.
    fn is_human_readable(&self) -> bool {
        true
    }

    fn serialize_bool(mut self, value: bool) -> Result<(), Failure> {
        self.tag(if value { Tag::True } else { Tag::False });
        Ok(())
    }

    fn serialize_char(mut self, value: char) -> Result<(), Failure> {
        self.tag(Tag::Char);
        self.raw(&u32::from(value).to_be_bytes());
        Ok(())
    }

    fn serialize_str(mut self, value: &str) -> Result<(), Failure> {
        self.tag(Tag::Str);
        self.prefixed(value.as_bytes());
        Ok(())
    }

    fn serialize_bytes(mut self, value: &[u8]) -> Result<(), Failure> {
        self.tag(Tag::Bytes);
        self.prefixed(value);
        Ok(())
    }

    fn serialize_none(mut self) -> Result<(), Failure> {
        self.tag(Tag::None);
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(mut self, value: &T) -> Result<(), Failure> {
        self.tag(Tag::Some);
        self.nested(value)
    }

    fn serialize_unit(mut self) -> Result<(), Failure> {
        self.tag(Tag::Unit);
        Ok(())
    }

    fn serialize_unit_struct(mut self, _: &'static str) -> Result<(), Failure> {
        self.tag(Tag::UnitStruct);
        Ok(())
    }

    fn serialize_unit_variant(mut self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Failure> {
        self.variant(Tag::UnitVariant, variant);
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(mut self, name: &'static str, value: &T) -> Result<(), Failure> {
        if name == SET {
            return self.set(value);
        }
        self.tag(Tag::NewtypeStruct);
        self.nested(value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Failure> {
        self.variant(Tag::NewtypeVariant, variant);
        self.nested(value)
    }

    fn serialize_seq(mut self, _: Option<usize>) -> Result<Elements<'a>, Failure> {
        if self.inside_set {
            self.tag(Tag::Set);
            return Ok(Elements::Unordered(Distinct::new(self)));
        }
        self.tag(Tag::Seq);
        Ok(Elements::Ordered(Counted::new(self)))
    }

    fn serialize_tuple(mut self, _: usize) -> Result<Counted<'a>, Failure> {
        self.tag(Tag::Tuple);
        Ok(Counted::new(self))
    }

    fn serialize_tuple_struct(mut self, _: &'static str, _: usize) -> Result<Counted<'a>, Failure> {
        self.tag(Tag::TupleStruct);
        Ok(Counted::new(self))
    }

    fn serialize_tuple_variant(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Counted<'a>, Failure> {
        self.variant(Tag::TupleVariant, variant);
        Ok(Counted::new(self))
    }

    fn serialize_map(mut self, _: Option<usize>) -> Result<Entries<'a>, Failure> {
        self.tag(Tag::Map);
        Ok(Entries::new(self))
    }

    fn serialize_struct(mut self, _: &'static str, _: usize) -> Result<Counted<'a>, Failure> {
        self.tag(Tag::Struct);
        Ok(Counted::new(self))
    }

    fn serialize_struct_variant(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Counted<'a>, Failure> {
        self.variant(Tag::StructVariant, variant);
        Ok(Counted::new(self))
    }
}
