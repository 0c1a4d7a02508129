//! What `format = ..` takes.

use std::fmt;

use super::Format;
use crate::error::{Error, Kind, Result};

/// What `format = ..` takes: the name of a format, a [`Format`], or a `Result` of one of these. `M` only tells them
/// apart.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a format",
    label = "expected the name of a format, a `cacher::format::Format`, or a `Result` of one",
    note = "write it as in `format = \"msgpack+zstd\"`, or `format = Format::named(\"json\").map(|json| json.then(MyFilter))`"
)]
pub trait IntoFormat<M> {
    #[doc(hidden)]
    fn into_format(self) -> Result<Format>;
}

#[doc(hidden)]
#[derive(Debug)]
pub struct FromText;
#[doc(hidden)]
#[derive(Debug)]
pub struct FromItself;
#[doc(hidden)]
#[derive(Debug)]
pub struct FromResult<M>(M);

impl IntoFormat<FromText> for &str {
    fn into_format(self) -> Result<Format> {
        Format::named(self)
    }
}

impl IntoFormat<FromText> for String {
    fn into_format(self) -> Result<Format> {
        Format::named(&self)
    }
}

impl IntoFormat<FromItself> for Format {
    fn into_format(self) -> Result<Format> {
        Ok(self)
    }
}

impl<M, F: IntoFormat<M>, E: fmt::Display> IntoFormat<FromResult<M>> for std::result::Result<F, E> {
    fn into_format(self) -> Result<Format> {
        match self {
            Ok(format) => format.into_format(),
            Err(error) => Err(Error::new(Kind::Invalid, error.to_string())),
        }
    }
}
