//! A deserializer that goes no deeper than what [`Faithful`](super::faithful) writes, and no further than bytes can say.

use std::{cell::Cell, fmt, rc::Rc};

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::MAX_DEPTH;

/// How many elements that take no bytes may come beside those that do: `Vec<()>` has its length alone.
const EMPTY: usize = 1 << 20;

/// Wraps a deserializer, what it hands out, and a visitor.
pub(super) struct Shallow<T> {
    inner: T,
    bounds: Bounds,
}

#[derive(Clone)]
struct Bounds {
    depth: u8,
    /// Directly in a `Some`.
    in_some: bool,
    elements: Rc<Cell<usize>>,
}

impl Bounds {
    fn further_in<E: Error>(&self, levels: u8) -> Result<Self, E> {
        let depth = self.depth + levels;
        // An enum without a value is written as no level, and read as one.
        if depth > MAX_DEPTH + 1 {
            return Err(E::custom("too deep"));
        }
        Ok(Self { depth, in_some: false, elements: Rc::clone(&self.elements) })
    }

    fn one_more<E: Error>(&self) -> Result<(), E> {
        self.elements.set(self.elements.get().checked_sub(1).ok_or_else(|| E::custom("too many"))?);
        Ok(())
    }
}

impl<T> Shallow<T> {
    pub(super) fn new(inner: T, bytes: usize) -> Self {
        let elements = Rc::new(Cell::new(bytes.saturating_add(EMPTY)));
        Self { inner, bounds: Bounds { depth: 0, in_some: false, elements } }
    }

    /// The same around something else.
    fn around<U>(&self, inner: U) -> Shallow<U> {
        Shallow { inner, bounds: self.bounds.clone() }
    }
}

macro_rules! pass_on {
    ($($method:ident)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method(visitor)
        }
    )* };
}

/// What has something within: the visitor is wrapped, some levels further in.
macro_rules! go_in {
    ($($method:ident($($name:ident: $type:ty),*) $levels:expr;)*) => { $(
        fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            let bounds = self.bounds.further_in($levels)?;
            self.inner.$method($($name,)* Shallow { inner: visitor, bounds })
        }
    )* };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Shallow<D> {
    type Error = D::Error;

    pass_on! {
        deserialize_any deserialize_bool deserialize_char deserialize_str deserialize_string deserialize_bytes
        deserialize_byte_buf deserialize_unit deserialize_identifier deserialize_ignored_any
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
    }

    go_in! {
        deserialize_seq() 1;
        deserialize_map() 1;
        deserialize_tuple(len: usize) 1;
        deserialize_tuple_struct(name: &'static str, len: usize) 1;
        deserialize_struct(name: &'static str, fields: &'static [&'static str]) 1;
        deserialize_enum(name: &'static str, variants: &'static [&'static str]) 1;
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let levels = u8::from(self.bounds.in_some);
        let bounds = Bounds { in_some: true, ..self.bounds.further_in(levels)? };
        self.inner.deserialize_option(Shallow { inner: visitor, bounds })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_newtype_struct(name, Shallow { inner: visitor, bounds: self.bounds })
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_unit_struct(name, visitor)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Shallow<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(Shallow { inner, bounds: self.bounds })
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.inner.visit_newtype_struct(Shallow { inner, bounds: self.bounds })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        self.inner.visit_seq(Shallow { inner, bounds: self.bounds })
    }

    fn visit_map<A: MapAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(Shallow { inner, bounds: self.bounds })
    }

    fn visit_enum<A: EnumAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        self.inner.visit_enum(Shallow { inner, bounds: self.bounds })
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Shallow<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Shallow { inner, bounds: self.bounds })
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Shallow<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.bounds.one_more()?;
        let seed = self.around(seed);
        self.inner.next_element_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Shallow<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.bounds.one_more()?;
        let seed = self.around(seed);
        self.inner.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let seed = self.around(seed);
        self.inner.next_value_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Shallow<A> {
    type Error = A::Error;
    type Variant = Shallow<A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        let (value, inner) = self.inner.variant_seed(seed)?;
        Ok((value, Shallow { inner, bounds: self.bounds }))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Shallow<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, inner: S) -> Result<S::Value, A::Error> {
        self.inner.newtype_variant_seed(Shallow { inner, bounds: self.bounds })
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        let bounds = self.bounds.further_in(1)?;
        self.inner.tuple_variant(len, Shallow { inner: visitor, bounds })
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let bounds = self.bounds.further_in(1)?;
        self.inner.struct_variant(fields, Shallow { inner: visitor, bounds })
    }
}
