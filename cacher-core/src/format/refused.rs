//! The error of the formats that take few types.

use std::fmt;

use serde::{de, ser};

/// Why a value is not taken.
#[derive(Debug)]
pub(super) struct Refused(pub(super) String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl ser::Error for Refused {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl de::Error for Refused {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// Methods of a `Serializer` for what is not taken, all with the same error.
macro_rules! refuse {
    ($error:expr; $($method:ident($($type:ty),*) -> $output:ty;)*) => { $(
        fn $method(self, $(_: $type),*) -> Result<$output, Refused> {
            Err($error)
        }
    )* };
}

/// The same for those that every such format refuses.
macro_rules! refuse_what_has_names {
    ($error:expr) => {
        type SerializeMap = serde::ser::Impossible<(), Refused>;
        type SerializeTupleVariant = serde::ser::Impossible<(), Refused>;
        type SerializeStructVariant = serde::ser::Impossible<(), Refused>;

        $crate::format::refused::refuse! { $error;
            serialize_none() -> ();
            serialize_unit() -> ();
            serialize_char(char) -> ();
            serialize_i128(i128) -> ();
            serialize_u128(u128) -> ();
            serialize_unit_struct(&'static str) -> ();
            serialize_unit_variant(&'static str, u32, &'static str) -> ();
            serialize_map(Option<usize>) -> Self::SerializeMap;
            serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
            serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
        }

        fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<(), Refused> {
            Err($error)
        }

        fn serialize_newtype_variant<T: Serialize + ?Sized>(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: &T,
        ) -> Result<(), Refused> {
            Err($error)
        }

        fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Refused> {
            value.serialize(self)
        }

        fn is_human_readable(&self) -> bool {
            false
        }
    };
}

pub(super) use refuse;
pub(super) use refuse_what_has_names;
