//! The contract of a store, and the stores that come with the library.

use std::{borrow::Cow, fmt, sync::Arc, time::SystemTime};

use crate::error::{Error, Kind, Result};

pub mod bytes;
#[cfg(feature = "async_backend")]
pub mod driven;
mod durability;
#[cfg(feature = "file")]
pub mod file;
#[cfg(feature = "async_backend")]
#[allow(dead_code, reason = "each server uses a part of it, and a user's own none")]
mod flat;
#[cfg(feature = "json_file")]
pub mod json_file;
#[cfg(feature = "lmdb")]
pub mod lmdb;
#[cfg_attr(not(all(feature = "sqlite", feature = "lmdb")), allow(dead_code, reason = "each store uses a part of it"))]
mod local;
pub mod logged;
#[cfg(feature = "memcached")]
pub mod memcached;
#[cfg(feature = "mongodb")]
pub mod mongodb;
#[doc(hidden)]
pub mod native;
mod notice;
pub mod null;
#[cfg(feature = "redis")]
pub mod redis;
mod scanned;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub mod sql;
#[cfg(feature = "sqlite")]
pub mod sqlite;
#[cfg_attr(not(feature = "file"), allow(dead_code, reason = "only stores that come by URL use it"))]
pub mod url;

pub use durability::Durability;
pub use notice::{Notice, Watcher};
pub use scanned::Scanned;

/// Where one entry lives in a store.
///
/// A store keeps entries of many functions apart by `namespace`, and those of one function by
/// `name`. Both are what [`Backend`] methods are told; neither may be trusted to be a valid file
/// name, table name or protocol key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The function: its path in its crate and its type parameters, or the name it was given.
    pub namespace: Arc<str>,
    /// The call: what the keyer made of its arguments, by default 64 hexadecimal digits.
    pub name: Arc<str>,
    /// What kind of bytes are stored: `"json"`, `"msgpack+zstd"`. Files use it as their extension. It holds no zero
    /// byte, unless a store puts one there to show a key whose name it does not know.
    pub format: &'static str,
}

/// How an operation of a backend is best run for an async caller. Sync callers always run it in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// In memory or memory-mapped: in place.
    InPlace,
    /// Reads are as cheap as memory, writes wait for a disk: reads in place, the rest on a worker thread.
    ReadsInPlace,
    /// Everything waits: on a worker thread.
    Blocking,
}

/// What a store does natively, as opposed to a default of [`Backend`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
pub struct Capabilities {
    /// Expired entries vanish without [`Backend::sweep`].
    pub expires: bool,
    /// [`Backend::put_if_absent`] is atomic.
    pub put_if_absent: bool,
    /// [`Backend::touch`] is supported.
    pub touch: bool,
    /// [`Backend::clear`] is supported.
    pub clear: bool,
    /// [`Backend::scan`] and [`Backend::len`] are supported.
    pub scan: bool,
    /// What was put survives the process.
    pub durable: bool,
    /// Other processes see what was put.
    pub shared: bool,
    /// One caller among all processes can be given the load of a key: `single_flight = distributed`.
    pub lease: bool,
    /// Changes by others are told, so that memory in front is not out of date for long.
    pub watch: bool,
    /// [`Backend::written`] is supported, so that entries may be [`bare`](crate::format::Format::is_bare).
    pub written: bool,
}

/// One entry as [`Backend::put_many`] takes it.
#[derive(Clone, Debug)]
pub struct Put {
    /// Where to.
    pub key: Key,
    /// The sealed entry.
    pub entry: Vec<u8>,
    /// When it may be forgotten; never if `None`.
    pub expires: Option<SystemTime>,
}

/// A store of bytes under keys, written with plain blocking functions.
///
/// # What the caller guarantees
/// Two writes of one key never run at the same time *from one process*; reads and removals may run beside them.
/// Operations on different keys do, from any thread, and so do `clear`, `scan` and `sweep`. Where
/// [`Capabilities::shared`] is set, other processes do anything at any time.
///
/// # What an implementor must do
/// * `get` returns exactly the bytes of one earlier `put` under an equal key, or `None`. After a crash at
///   any instant an entry is the old one, the new one or absent.
/// * `put` with `expires` lets the entry be forgotten from that time on. It may still return it: the cache
///   judges the age of every entry by what is sealed in it.
/// * Two different keys never meet, whatever bytes they consist of: namespace, name and format all count.
/// * Nothing that this library did not write is ever changed or removed, by `clear` least of all.
/// * It passes [`testkit::conformance`](crate::testkit::conformance), one line in a test.
///
/// # Errors
/// An error of any method is counted and reported, and the call goes on as if nothing had been stored.
/// [`Kind::Unavailable`] says that the store may work again later.
/// A method whose default is an error of kind [`Kind::Unsupported`] is optional.
///
/// # Example
/// ```
/// use std::{collections::HashMap, sync::Mutex, time::SystemTime};
/// use cacher_core::backend::{Backend, Cost, Key};
/// use cacher_core::error::Result;
///
/// #[derive(Default)]
/// struct Map(Mutex<HashMap<Key, Vec<u8>>>);
///
/// impl Backend for Map {
///     fn describe(&self) -> String { "map".into() }
///     fn cost(&self) -> Cost { Cost::InPlace }
///     fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
///         Ok(self.0.lock().unwrap().get(key).cloned())
///     }
///     fn put(&self, key: &Key, entry: &[u8], _expires: Option<SystemTime>) -> Result<()> {
///         self.0.lock().unwrap().insert(key.clone(), entry.to_vec());
///         Ok(())
///     }
///     fn remove(&self, key: &Key) -> Result<bool> {
///         Ok(self.0.lock().unwrap().remove(key).is_some())
///     }
/// }
/// ```
pub trait Backend: Send + Sync + 'static {
    /// The store in a few words, for errors and listings. A URL comes without its password.
    fn describe(&self) -> String;

    /// How to run operations for async callers.
    fn cost(&self) -> Cost {
        Cost::Blocking
    }

    /// What is native here.
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    /// The entry under `key`.
    ///
    /// # Errors
    /// When the store can't be read.
    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>>;

    /// Puts `entry` under `key`, in place of what was there.
    ///
    /// # Errors
    /// When the store can't be written; then the old entry is still there, or none.
    fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<()>;

    /// Removes the entry under `key`, and says whether there was one.
    ///
    /// # Errors
    /// When the store can't be written.
    fn remove(&self, key: &Key) -> Result<bool>;

    /// The entries under `keys`, in their order.
    ///
    /// # Errors
    /// As [`get`](Self::get), for the first key that fails.
    fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>> {
        keys.iter().map(|key| self.get(key)).collect()
    }

    /// Puts all, each on its own, as if one after the other.
    ///
    /// # Errors
    /// As [`put`](Self::put); those before the one that failed are stored.
    fn put_many(&self, entries: &[Put]) -> Result<()> {
        entries.iter().try_for_each(|put| self.put(&put.key, &put.entry, put.expires))
    }

    /// Removes the entries under `keys`, each on its own, and says how many there were.
    ///
    /// # Errors
    /// As [`remove`](Self::remove); those before the one that failed are removed.
    fn remove_many(&self, keys: &[Key]) -> Result<u64> {
        keys.iter().try_fold(0, |count, key| Ok(count + u64::from(self.remove(key)?)))
    }

    /// Puts `entry` only if nothing is under `key`, atomically, and says whether it did.
    ///
    /// # Errors
    /// [`Kind::Unsupported`] by default.
    fn put_if_absent(&self, _key: &Key, _entry: &[u8], _expires: Option<SystemTime>) -> Result<bool> {
        Err(self.unsupported("put_if_absent"))
    }

    /// Changes when the entry under `key` may be forgotten, only if it is there, and says whether it was.
    ///
    /// # Errors
    /// [`Kind::Unsupported`] by default.
    fn touch(&self, _key: &Key, _expires: Option<SystemTime>) -> Result<bool> {
        Err(self.unsupported("touch"))
    }

    /// When the entry under `key` was put, or `None` if there is none: the age of a bare value.
    ///
    /// # Errors
    /// [`Kind::Unsupported`] by default.
    fn written(&self, _key: &Key) -> Result<Option<SystemTime>> {
        Err(self.unsupported("written"))
    }

    /// Removes every entry of `namespace`, and nothing else; returns how many. A store that can't count them, as its
    /// [`Capabilities::scan`] says, returns 0 only if there was none.
    ///
    /// # Errors
    /// [`Kind::Unsupported`] by default.
    fn clear(&self, _namespace: &str) -> Result<u64> {
        Err(self.unsupported("clear"))
    }

    /// Shows every entry of `namespace` to `visit`, in any order, until it returns `false`. The key that is shown is
    /// what [`shown`](Self::shown) makes of the one it was put under.
    ///
    /// # Errors
    /// [`Kind::Unsupported`] by default.
    fn scan(&self, _namespace: &str, _visit: &mut dyn FnMut(Scanned) -> bool) -> Result<()> {
        Err(self.unsupported("scan"))
    }

    /// The key that [`scan`](Self::scan) shows for an entry under `key`: another than `key` itself if the store keeps
    /// a hash of it alone. `get` and `remove` find the entry by either.
    ///
    /// By default, `key`.
    fn shown<'a>(&self, key: &'a Key) -> Cow<'a, Key> {
        Cow::Borrowed(key)
    }

    /// How many entries `namespace` has, expired ones not yet swept included.
    ///
    /// # Errors
    /// As [`scan`](Self::scan).
    fn len(&self, namespace: &str) -> Result<u64> {
        let mut count = 0;
        self.scan(namespace, &mut |_| {
            count += 1;
            true
        })?;
        Ok(count)
    }

    /// Removes the entries of `namespace` that expired before `now`, and whatever an interrupted write left
    /// behind; returns how many entries. Called now and then on a worker thread.
    ///
    /// # Errors
    /// When the store can't be written. Nothing to do by default.
    fn sweep(&self, _namespace: &str, _now: SystemTime) -> Result<u64> {
        Ok(0)
    }

    /// The format used when none is chosen: a name that [`Format::named`](crate::format::Format::named) knows.
    fn format(&self) -> Cow<'static, str> {
        Cow::Borrowed("msgpack")
    }

    /// Whether [`format`](Self::format) was chosen for this store, and is not only what it prefers: then the `format`
    /// of a function does not concern it.
    fn has_own_format(&self) -> bool {
        false
    }

    /// The same store as one that async callers wait for without a thread, if it is one.
    #[doc(hidden)]
    fn native(&self) -> Option<Arc<dyn native::Native>> {
        None
    }

    /// The error for an operation that this store lacks.
    fn unsupported(&self, operation: &str) -> Error {
        Error::new(Kind::Unsupported, format!("{} has no {operation}", self.describe()))
    }
}

impl fmt::Debug for dyn Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}
