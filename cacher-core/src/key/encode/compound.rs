use std::collections::BTreeSet;

use serde::{Serialize, ser};

use super::{encoder::Encoder, failure::Failure};

/// Values in the order they come, after their count. The lengths that `Serialize` impls announce are
/// not relied on: the count is that of the values which came.
pub(super) struct Counted<'a> {
    encoder: Encoder<'a>,
    start: usize,
    count: usize,
}

impl<'a> Counted<'a> {
    pub(super) fn new(encoder: Encoder<'a>) -> Self {
        Self { start: encoder.position(), encoder, count: 0 }
    }

    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        self.count += 1;
        self.encoder.nested(value)
    }

    fn push_named<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Failure> {
        self.encoder.prefixed(name.as_bytes());
        self.push(value)
    }

    fn finish(mut self) {
        self.encoder.insert_number(self.start, self.count);
    }
}

macro_rules! by_position {
    ($($role:ident::$method:ident;)*) => {
        $(impl ser::$role for Counted<'_> {
            type Ok = ();
            type Error = Failure;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
                self.push(value)
            }

            fn end(self) -> Result<(), Failure> {
                self.finish();
                Ok(())
            }
        })*
    };
}

by_position! {
    SerializeTuple::serialize_element;
    SerializeTupleStruct::serialize_field;
    SerializeTupleVariant::serialize_field;
}

macro_rules! by_name {
    ($($role:ident;)*) => {
        $(impl ser::$role for Counted<'_> {
            type Ok = ();
            type Error = Failure;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Failure> {
                self.push_named(name, value)
            }

            /// The names that are there tell which one is not.
            fn skip_field(&mut self, _: &'static str) -> Result<(), Failure> {
                Ok(())
            }

            fn end(self) -> Result<(), Failure> {
                self.finish();
                Ok(())
            }
        })*
    };
}

by_name! {
    SerializeStruct;
    SerializeStructVariant;
}

/// A sequence, or the same read as a set.
pub(super) enum Elements<'a> {
    Ordered(Counted<'a>),
    Unordered(Distinct<'a>),
}

impl ser::SerializeSeq for Elements<'_> {
    type Ok = ();
    type Error = Failure;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        match self {
            Self::Ordered(counted) => counted.push(value),
            Self::Unordered(distinct) => distinct.push(value),
        }
    }

    fn end(self) -> Result<(), Failure> {
        match self {
            Self::Ordered(counted) => counted.finish(),
            Self::Unordered(distinct) => distinct.finish(),
        }
        Ok(())
    }
}

/// The elements of a set, in the order of their bytes and each once.
pub(super) struct Distinct<'a> {
    encoder: Encoder<'a>,
    elements: BTreeSet<Vec<u8>>,
}

impl<'a> Distinct<'a> {
    pub(super) fn new(encoder: Encoder<'a>) -> Self {
        Self { encoder, elements: BTreeSet::new() }
    }

    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        self.elements.insert(self.encoder.apart(value)?);
        Ok(())
    }

    fn finish(mut self) {
        self.encoder.number(self.elements.len());
        for element in &self.elements {
            self.encoder.raw(element);
        }
    }
}

/// The entries of a map, in the order of their keys' bytes; those with equal keys as they came.
pub(super) struct Entries<'a> {
    encoder: Encoder<'a>,
    key: Option<Vec<u8>>,
    pairs: Vec<(Vec<u8>, Vec<u8>)>,
}

impl<'a> Entries<'a> {
    pub(super) fn new(encoder: Encoder<'a>) -> Self {
        Self { encoder, key: None, pairs: Vec::new() }
    }

    fn finish(mut self) {
        self.pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
        self.encoder.number(self.pairs.len());
        for (key, value) in &self.pairs {
            self.encoder.raw(key);
            self.encoder.raw(value);
        }
    }
}

impl ser::SerializeMap for Entries<'_> {
    type Ok = ();
    type Error = Failure;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Failure> {
        match self.key.replace(self.encoder.apart(key)?) {
            Some(_) => Err(Failure::KEY_WITHOUT_VALUE),
            None => Ok(()),
        }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        let key = self.key.take().ok_or(Failure::VALUE_WITHOUT_KEY)?;
        self.pairs.push((key, self.encoder.apart(value)?));
        Ok(())
    }

    fn end(self) -> Result<(), Failure> {
        if self.key.is_some() {
            return Err(Failure::KEY_WITHOUT_VALUE);
        }
        self.finish();
        Ok(())
    }
}
