//! Backends from URLs.

use crate::{
    error::{Error, Kind, Result},
    tier::{FromUrl, IntoBackend, Made},
};

impl IntoBackend<FromUrl> for &str {
    fn into_backend(self) -> Result<Made> {
        Err(Error::new(Kind::Invalid, "todo"))
    }
}

impl IntoBackend<FromUrl> for String {
    fn into_backend(self) -> Result<Made> {
        self.as_str().into_backend()
    }
}
