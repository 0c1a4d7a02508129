//! The store `null://`, which keeps nothing.

use std::{borrow::Cow, time::SystemTime};

use super::{Backend, Capabilities, Cost, Key, Scanned, url::Url};
use crate::error::{Error, Kind, Result};

/// A store that takes everything and keeps nothing: for tests, and for switching a store off.
///
/// It answers as a store would that loses each entry at once, so it does not pass the conformance suite.
///
/// ```
/// use cacher_core::backend::{Backend, null::Null};
///
/// assert_eq!(Null::from_url("null://")?.describe(), "null://");
/// # Ok::<(), cacher_core::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub struct Null;

impl Null {
    /// `null://`, which has no parameters.
    ///
    /// # Errors
    /// [`Kind::Invalid`], saying what is wrong with the URL.
    pub fn from_url(url: &str) -> Result<Self> {
        let url = Url::parse(url)?;
        url.only(&[])?;
        if url.scheme != "null" || !url.rest.is_empty() {
            return Err(Error::new(Kind::Invalid, "the store that keeps nothing is `null://`, and nothing else"));
        }
        Ok(Self)
    }
}

impl Backend for Null {
    fn describe(&self) -> String {
        "null://".into()
    }

    fn cost(&self) -> Cost {
        Cost::InPlace
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            expires: true,
            put_if_absent: true,
            touch: true,
            clear: true,
            scan: true,
            ..Capabilities::default()
        }
    }

    fn get(&self, _key: &Key) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }

    fn put(&self, _key: &Key, _entry: &[u8], _expires: Option<SystemTime>) -> Result<()> {
        Ok(())
    }

    fn remove(&self, _key: &Key) -> Result<bool> {
        Ok(false)
    }

    fn put_if_absent(&self, _key: &Key, _entry: &[u8], _expires: Option<SystemTime>) -> Result<bool> {
        Ok(true)
    }

    fn touch(&self, _key: &Key, _expires: Option<SystemTime>) -> Result<bool> {
        Ok(false)
    }

    fn clear(&self, _namespace: &str) -> Result<u64> {
        Ok(0)
    }

    fn scan(&self, _namespace: &str, _visit: &mut dyn FnMut(Scanned) -> bool) -> Result<()> {
        Ok(())
    }

    fn format(&self) -> Cow<'static, str> {
        // Whichever is built in.
        Cow::Borrowed(if cfg!(feature = "msgpack") { "msgpack" } else { "json" })
    }
}
