//! Encoded keys, as the values that they were.

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess,
    Visitor, value::StrDeserializer,
};

use super::{
    MAX_DEPTH,
    failure::Failure,
    read::{Content, Piece, Reader},
};
use crate::error::{Error, Kind, Result};

/// The value that [`encode`](super::encode) was given.
///
/// # Errors
/// [`Kind::Damaged`] if `bytes` are no encoding of a `T`.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let mut reader = Reader(bytes);
    let value = T::deserialize(Decoder { reader: &mut reader, depth: MAX_DEPTH });
    let value = value.map_err(|failure| Error::new(Kind::Damaged, "the key can't be read").caused_by(failure))?;
    if reader.0.is_empty() { Ok(value) } else { Err(Error::new(Kind::Damaged, "more than a key stands there")) }
}

/// One value, with how deep others may be nested in it.
struct Decoder<'r, 'de> {
    reader: &'r mut Reader<'de>,
    depth: u8,
}

/// Values that follow each other: those of a list, of a map, or of named fields.
struct Items<'r, 'de> {
    decoder: Decoder<'r, 'de>,
    left: usize,
}

/// Values with names before them.
struct Fields<'r, 'de>(Items<'r, 'de>);

/// A variant: its name, and what is in it.
struct Variant<'r, 'de> {
    name: &'de str,
    content: Content,
    decoder: Decoder<'r, 'de>,
}

fn malformed() -> Failure {
    serde::de::Error::custom("these bytes are no encoding")
}

impl<'de> Decoder<'_, 'de> {
    fn again(&mut self) -> Decoder<'_, 'de> {
        Decoder { reader: self.reader, depth: self.depth }
    }
}

impl<'r, 'de> Decoder<'r, 'de> {
    fn inner(self) -> Result<Self, Failure> {
        let depth = self.depth.checked_sub(1).ok_or_else(malformed)?;
        Ok(Self { depth, ..self })
    }

    fn items(self, left: usize) -> Items<'r, 'de> {
        Items { decoder: self, left }
    }
}

impl<'de> Deserializer<'de> for Decoder<'_, 'de> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.reader.piece().ok_or_else(malformed)? {
            Piece::Unit => visitor.visit_unit(),
            Piece::None => visitor.visit_none(),
            Piece::Some => visitor.visit_some(self.inner()?),
            Piece::Bool(value) => visitor.visit_bool(value),
            Piece::Unsigned(value) => match u64::try_from(value) {
                Ok(value) => visitor.visit_u64(value),
                Err(_) => visitor.visit_u128(value),
            },
            Piece::Signed(value) => match i64::try_from(value) {
                Ok(value) => visitor.visit_i64(value),
                Err(_) => visitor.visit_i128(value),
            },
            Piece::F32(value) => visitor.visit_f32(value),
            Piece::F64(value) => visitor.visit_f64(value),
            Piece::Char(value) => visitor.visit_char(value),
            Piece::Text(value) => visitor.visit_borrowed_str(value),
            Piece::Bytes(value) => visitor.visit_borrowed_bytes(value),
            Piece::Wrapped => visitor.visit_newtype_struct(self.inner()?),
            Piece::List(count) => visitor.visit_seq(self.inner()?.items(count)),
            Piece::Map(count) => visitor.visit_map(self.inner()?.items(count)),
            Piece::Fields(count) => visitor.visit_map(Fields(self.inner()?.items(count))),
            Piece::Variant(name, content) => visitor.visit_enum(Variant { name, content, decoder: self.inner()? }),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Failure;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Failure> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        seed.deserialize(self.decoder.again()).map(Some)
    }
}

impl<'de> MapAccess<'de> for Items<'_, 'de> {
    type Error = Failure;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Failure> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Failure> {
        seed.deserialize(self.decoder.again())
    }
}

impl<'de> MapAccess<'de> for Fields<'_, 'de> {
    type Error = Failure;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Failure> {
        let Some(left) = self.0.left.checked_sub(1) else { return Ok(None) };
        self.0.left = left;
        let name = self.0.decoder.reader.name().ok_or_else(malformed)?;
        seed.deserialize(named(name)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Failure> {
        self.0.next_value_seed(seed)
    }
}

fn named(name: &str) -> StrDeserializer<'_, Failure> {
    name.into_deserializer()
}

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = Failure;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Failure> {
        Ok((seed.deserialize(named(self.name))?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Failure;

    fn unit_variant(self) -> Result<(), Failure> {
        if self.content == Content::Nothing { Ok(()) } else { Err(malformed()) }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Failure> {
        if self.content == Content::One { seed.deserialize(self.decoder) } else { Err(malformed()) }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, Failure> {
        match self.content {
            Content::List(count) => visitor.visit_seq(self.decoder.items(count)),
            _ => Err(malformed()),
        }
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        match self.content {
            Content::Fields(count) => visitor.visit_map(Fields(self.decoder.items(count))),
            _ => Err(malformed()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::decode;
    use crate::{error::Kind, key::encode::encode};

    macro_rules! same {
        ($($type:ty: $value:expr),* $(,)?) => { $({
            let value: $type = $value;
            let bytes = encode(&value).expect("encoded");
            assert_eq!(decode::<$type>(&bytes).expect("decoded"), value);
            for end in 0..bytes.len() {
                assert_eq!(decode::<$type>(&bytes[..end]).expect_err("cut short").kind(), Kind::Damaged);
            }
        })* };
    }

    #[test]
    fn values_come_back() {
        same!(
            (): (),
            (u8, i64, u128, i128): (255, -1, u128::MAX, i128::MIN),
            (f32, f64, char, bool): (1.5, -0.0, 'é', true),
            String: "text".repeat(100),
            Option<Option<u8>>: Some(None),
            Vec<(String, Option<u16>)>: vec![("a".into(), None), (String::new(), Some(1))],
            BTreeMap<u8, Vec<u8>>: BTreeMap::from([(1, vec![2]), (3, vec![])]),
            Result<u8, String>: Err("no".into()),
            std::net::IpAddr: std::net::IpAddr::from([127, 0, 0, 1]),
            std::time::Duration: std::time::Duration::from_millis(1500),
        );
    }

    #[test]
    fn another_type_is_no_key_of_this_one() {
        let bytes = encode(&("text", 300_u16)).expect("encoded");
        assert!(decode::<(String, u8)>(&bytes).is_err(), "too large");
        assert!(decode::<(String,)>(&bytes).is_err(), "too long");
        assert!(decode::<u8>(&[0x03; 1000]).is_err(), "too deep");
    }
}
