//! Encoded values, read back one piece after another.

use super::tag::Tag;

/// The beginning of a value; what it consists of comes after it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Piece<'a> {
    /// A unit, or a struct of nothing.
    Unit,
    None,
    /// Before a value.
    Some,
    Bool(bool),
    Unsigned(u128),
    Signed(i128),
    F32(f32),
    F64(f64),
    Char(char),
    Text(&'a str),
    Bytes(&'a [u8]),
    /// Before the value in a newtype struct.
    Wrapped,
    /// Before so many values.
    List(usize),
    /// Before so many keys, each followed by its value.
    Map(usize),
    /// Before so many names, each followed by a value.
    Fields(usize),
    /// The name of a variant, before what is in it.
    Variant(&'a str, Content),
}

/// What is in a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Nothing,
    One,
    List(usize),
    Fields(usize),
}

/// What is left to read. Bytes that no encoding begins with give `None`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn piece(&mut self) -> Option<Piece<'a>> {
        let [tag] = self.array()?;
        Some(match Tag::of(tag)? {
            Tag::Unit | Tag::UnitStruct => Piece::Unit,
            Tag::None => Piece::None,
            Tag::Some => Piece::Some,
            Tag::False => Piece::Bool(false),
            Tag::True => Piece::Bool(true),
            Tag::U8 => Piece::Unsigned(u8::from_be_bytes(self.array()?).into()),
            Tag::U16 => Piece::Unsigned(u16::from_be_bytes(self.array()?).into()),
            Tag::U32 => Piece::Unsigned(u32::from_be_bytes(self.array()?).into()),
            Tag::U64 => Piece::Unsigned(u64::from_be_bytes(self.array()?).into()),
            Tag::U128 => Piece::Unsigned(u128::from_be_bytes(self.array()?)),
            Tag::I8 => Piece::Signed(i8::from_be_bytes(self.array()?).into()),
            Tag::I16 => Piece::Signed(i16::from_be_bytes(self.array()?).into()),
            Tag::I32 => Piece::Signed(i32::from_be_bytes(self.array()?).into()),
            Tag::I64 => Piece::Signed(i64::from_be_bytes(self.array()?).into()),
            Tag::I128 => Piece::Signed(i128::from_be_bytes(self.array()?)),
            Tag::F32 => Piece::F32(f32::from_be_bytes(self.array()?)),
            Tag::F64 => Piece::F64(f64::from_be_bytes(self.array()?)),
            Tag::Char => Piece::Char(char::from_u32(u32::from_be_bytes(self.array()?))?),
            Tag::Str => Piece::Text(self.name()?),
            Tag::Bytes => Piece::Bytes(self.prefixed()?),
            Tag::Seq | Tag::Set | Tag::Tuple | Tag::TupleStruct => Piece::List(self.number()?),
            Tag::Map => Piece::Map(self.number()?),
            Tag::Struct => Piece::Fields(self.number()?),
            Tag::NewtypeStruct => Piece::Wrapped,
            Tag::UnitVariant => Piece::Variant(self.name()?, Content::Nothing),
            Tag::NewtypeVariant => Piece::Variant(self.name()?, Content::One),
            Tag::TupleVariant => Piece::Variant(self.name()?, Content::List(self.number()?)),
            Tag::StructVariant => Piece::Variant(self.name()?, Content::Fields(self.number()?)),
        })
    }

    /// The name of a field, or the bytes of a text.
    pub(crate) fn name(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.prefixed()?).ok()
    }

    /// Goes on behind a value.
    pub(crate) fn skip(&mut self) -> Option<()> {
        match self.piece()? {
            Piece::Some | Piece::Wrapped | Piece::Variant(_, Content::One) => self.skip(),
            Piece::List(count) | Piece::Variant(_, Content::List(count)) => (0..count).try_for_each(|_| self.skip()),
            Piece::Map(count) => (0..count).try_for_each(|_| self.skip().and_then(|()| self.skip())),
            Piece::Fields(count) | Piece::Variant(_, Content::Fields(count)) => {
                (0..count).try_for_each(|_| self.name().and_then(|_| self.skip()))
            }
            _ => Some(()),
        }
    }

    fn prefixed(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }

    /// A LEB128 number.
    fn number(&mut self) -> Option<usize> {
        let mut number = 0_usize;
        for shift in (0..usize::BITS).step_by(7) {
            let [byte] = self.array()?;
            number |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Piece, Reader};
    use crate::key::encode::encode;

    #[test]
    fn a_skipped_value_leaves_what_follows() {
        let long = "x".repeat(300);
        let bytes =
            encode(&(Some((1_u8, "é", -2_i64)), vec![Some('c'), None], long.as_str(), 1.5_f64)).expect("encoded");
        let mut reader = Reader(&bytes);
        assert_eq!(reader.piece(), Some(Piece::List(4)));
        assert_eq!((reader.skip(), reader.skip()), (Some(()), Some(())));
        assert_eq!(reader.piece(), Some(Piece::Text(&long)));
        assert_eq!((reader.piece(), reader.piece()), (Some(Piece::F64(1.5)), None));
    }

    #[test]
    fn no_bytes_bring_it_down() {
        let bytes = encode(&("text", [1_u8, 2], Some(3_u64))).expect("encoded");
        for end in 0..bytes.len() {
            assert_eq!(Reader(&bytes[..end]).skip(), None);
        }
        assert_eq!((Reader(&[0xff]).skip(), Reader(&[0x28, 0xff, 0xff]).skip()), (None, None));
        assert_eq!(Reader(&[0x28, 0x01, 0xff]).skip(), None);
    }
}
