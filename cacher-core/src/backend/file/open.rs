//! The store of a URL.

use super::{Durability, Files};
use crate::{
    backend::url::{self, Url},
    error::{Error, Kind, Result},
};

impl Files {
    /// `file:///abs/dir` or `file://./dir`, with the parameters `format` and `durability` (`process` or `power`).
    ///
    /// Everything between `//` and `?` is the path, with `%XX` for a byte; a `~` is no home directory.
    /// Whether there is such a format is found out by the cache that uses it.
    ///
    /// # Errors
    /// [`Kind::Invalid`], saying what is wrong with the URL.
    pub fn from_url(url: &str) -> Result<Self> {
        Self::of(&Url::parse(url)?).map_err(|error| error.within(url::redact(url)))
    }

    fn of(url: &Url<'_>) -> Result<Self> {
        let invalid = |message: String| Err(Error::new(Kind::Invalid, message));
        if url.scheme != "file" {
            return invalid(format!("a store of files is file://, not {}://", url.scheme));
        }
        url.only(&["format", "durability"])?;
        if url.rest.is_empty() {
            return invalid("the path is missing: write `file:///abs/dir` or `file://./dir`".into());
        }
        let mut files = Self::new(url::decode(url.rest)?);
        for (name, value) in &url.parameters {
            files = match (name.as_str(), value.as_str()) {
                ("format", "") => return invalid("the format is missing: write `format=json`".into()),
                ("format", format) => files.format(format.to_owned()),
                (_, "process") => files.durability(Durability::Process),
                (_, "power") => files.durability(Durability::Power),
                (_, other) => return invalid(format!("the durability is `process` or `power`, not `{other}`")),
            };
        }
        Ok(files)
    }
}
