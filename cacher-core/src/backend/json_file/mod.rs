//! The store `json://`: all entries in one JSON file.
//!
//! ```json
//! {
//!   "app::posts::fetch": {
//!     "6bd9…e1": {
//!       "cacher": 1,
//!       "value": ..
//!     }
//!   }
//! }
//! ```
//! Below the namespace each entry stands under its key's name. What is not the readable form of an entry stands there
//! as a string of hexadecimal digits.

use std::{borrow::Cow, path::PathBuf, time::SystemTime};

use self::{content::Content, shared::Shared};
use super::{
    Backend, Capabilities, Cost, Durability, Key, Put, Scanned,
    local::{self, Opened, Place},
    url::{self, Url},
};
use crate::{
    entry::Stamp,
    envelope,
    error::{Error, Kind, Result},
    sync::Arc,
};

mod content;
mod lock;
mod shared;

/// The files of this process, so that functions that use one file share what is read of it.
static FILES: Opened<(PathBuf, Durability), Shared> = Opened::new();

/// One JSON file with all entries, for people and for other programs to read.
///
/// Any number of processes may use the file at once: a write takes a lock, which is a file beside it, reads what
/// others wrote since, adds its own and replaces the file as a whole. A read asks whether the file has changed, and
/// reads it again if so. Every write writes all of it, in a millisecond for a thousand small entries and twenty for
/// ten thousand: SQLite is for more.
///
/// Nothing is made before the first write; a missing file is an empty store. A file that is no JSON is reported and
/// taken for empty. The next put moves it aside, to `<name>.damaged`, and begins anew. A file that is JSON of another
/// shape belongs to somebody else: it is reported, and never written.
///
/// `put_if_absent` takes an expired entry for a present one until it is swept. `put_many` puts all or none.
///
/// # Example
/// ```
/// use cacher_core::backend::json_file::JsonFile;
///
/// let file = JsonFile::new("./.cache/posts.json");
/// let same = JsonFile::from_url("json://./.cache/posts.json")?;
/// # assert_eq!(format!("{file:?}"), format!("{same:?}"));
/// # Ok::<(), cacher_core::error::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct JsonFile {
    shared: Arc<Shared>,
}

impl JsonFile {
    /// The store in this file. A relative path is taken from the current directory, now.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self::at(path.into(), Durability::default())
    }

    /// What a write survives; by default the death of the process.
    pub fn durability(self, durability: Durability) -> Self {
        Self::at(self.shared.path.clone(), durability)
    }

    fn at(path: PathBuf, durability: Durability) -> Self {
        let path = local::absolute(path);
        Self { shared: FILES.get_or_make((path.clone(), durability), || Shared::new(path, durability)) }
    }

    /// `json:///abs/cache.json` or `json://./cache.json`, with the parameter `durability` (`process` or `power`).
    ///
    /// Everything between `//` and `?` is the path, with `%XX` for a byte. The format is always `json`.
    ///
    /// # Errors
    /// [`Kind::Invalid`], saying what is wrong with the URL.
    pub fn from_url(url: &str) -> Result<Self> {
        let place = Url::parse(url).and_then(|url| Place::of(&url, "json", &["durability"]));
        let Place { path, durability, .. } = place.map_err(|error| error.within(url::redact(url)))?;
        if path.file_name().is_none() {
            let error = Error::new(Kind::Invalid, "a file is missing: write it as in `json://./cache.json`");
            return Err(error.within(url::redact(url)));
        }
        Ok(Self::at(path, durability))
    }

    /// Removes the entries of a namespace that `remove` says, and returns how many.
    fn purge(&self, namespace: &str, remove: impl Fn(&[u8]) -> bool) -> Result<u64> {
        // Looked at first without the lock, so that nothing is made or waited for where there is nothing to remove.
        if !self.shared.intact()?.entries(namespace).any(|entry| remove(&entry)) {
            return Ok(0);
        }
        self.shared.change(|content| {
            let removed = content.retain(namespace, |entry| !remove(entry));
            (removed > 0, removed)
        })
    }
}

impl Backend for JsonFile {
    fn describe(&self) -> String {
        format!("json://{}", self.shared.path.display())
    }

    fn cost(&self) -> Cost {
        Cost::Blocking
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            put_if_absent: true,
            clear: true,
            scan: true,
            durable: true,
            shared: true,
            ..Capabilities::default()
        }
    }

    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        Ok(self.shared.content()?.get(key))
    }

    fn put(&self, key: &Key, entry: &[u8], _expires: Option<SystemTime>) -> Result<()> {
        self.shared.change(|content| {
            content.insert(key, entry);
            (true, ())
        })
    }

    fn remove(&self, key: &Key) -> Result<bool> {
        if self.shared.intact()?.get(key).is_none() {
            return Ok(false);
        }
        self.shared.change(|content| {
            let removed = content.remove(key);
            (removed, removed)
        })
    }

    fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>> {
        let content = self.shared.content()?;
        Ok(keys.iter().map(|key| content.get(key)).collect())
    }

    fn put_many(&self, entries: &[Put]) -> Result<()> {
        self.shared.change(|content| {
            for put in entries {
                content.insert(&put.key, &put.entry);
            }
            (!entries.is_empty(), ())
        })
    }

    fn put_if_absent(&self, key: &Key, entry: &[u8], _expires: Option<SystemTime>) -> Result<bool> {
        self.shared.change(|content| {
            let absent = content.get(key).is_none();
            if absent {
                content.insert(key, entry);
            }
            (absent, absent)
        })
    }

    fn clear(&self, namespace: &str) -> Result<u64> {
        self.purge(namespace, |_| true)
    }

    fn scan(&self, namespace: &str, visit: &mut dyn FnMut(Scanned) -> bool) -> Result<()> {
        let namespace = Arc::from(namespace);
        self.shared.content()?.keys(&namespace).all(|(key, entry)| visit(Scanned::new(key, entry)));
        Ok(())
    }

    fn len(&self, namespace: &str) -> Result<u64> {
        Ok(self.shared.content()?.len(namespace))
    }

    fn sweep(&self, namespace: &str, now: SystemTime) -> Result<u64> {
        let now = Stamp::from(now);
        self.purge(namespace, |entry| envelope::inspect(entry).is_some_and(|header| header.times.keep_until < now))
    }

    fn format(&self) -> Cow<'static, str> {
        Cow::Borrowed("json")
    }
}
