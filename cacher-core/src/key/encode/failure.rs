use std::{borrow::Cow, error::Error, fmt};

use serde::{de, ser};

use super::MAX_DEPTH;

/// Why a value can't be encoded, or read back.
#[derive(Debug)]
pub(super) struct Failure(Cow<'static, str>);

impl Failure {
    pub(super) const VALUE_WITHOUT_KEY: Self = Self(Cow::Borrowed("a map serialised a value before its key"));
    pub(super) const KEY_WITHOUT_VALUE: Self = Self(Cow::Borrowed("a map serialised a key without its value"));

    pub(super) fn too_deep() -> Self {
        Self(format!("values are nested more than {MAX_DEPTH} deep in it").into())
    }
}

impl ser::Error for Failure {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string().into())
    }
}

impl de::Error for Failure {
    fn custom<T: fmt::Display>(message: T) -> Self {
        ser::Error::custom(message)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Failure {}
