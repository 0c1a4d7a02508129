//! The contract of a store whose operations wait for a network.

use std::{
    borrow::Cow,
    time::{Duration, SystemTime},
};

use super::super::{Capabilities, Key, Put, Scanned, Watcher};
use crate::error::{Error, Kind, Result};

/// Some of the entries of a namespace, and where the next ones are.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The entries, in any order, with the keys that [`AsyncBackend::shown`] makes.
    pub entries: Vec<Scanned>,
    /// What finds the next page; `None` behind the last.
    pub next: Option<Vec<u8>>,
}

/// A store of bytes under keys, written with futures: what a network client is natural in.
///
/// The contract is that of [`Backend`](crate::backend::Backend), with these differences:
/// * The futures are polled on one thread of the library, inside a Tokio runtime that never ends: clients made by them
///   live as long as the process, whatever becomes of the executors of its callers. Nothing may block there.
/// * Each operation has a time limit, [`timeout`](Self::timeout), and behind it a future is dropped.
/// * Where [`Kind::Unavailable`] or that limit comes too often, the store is left alone for a while
///   ([`Breaker`](super::Breaker)).
/// * Nothing should be connected before the first operation, and a lost connection is made anew by the next.
///
/// [`Driven`](super::Driven) makes a `Backend` of it; the attribute takes either.
///
/// # Example
/// ```
/// use std::{collections::HashMap, sync::Mutex, time::SystemTime};
/// use cacher_core::{backend::{Key, driven::AsyncBackend}, error::Result};
///
/// #[derive(Default)]
/// struct Remote(Mutex<HashMap<Key, Vec<u8>>>);
///
/// impl AsyncBackend for Remote {
///     fn describe(&self) -> String { "remote".into() }
///     async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
///         Ok(self.0.lock().unwrap().get(key).cloned())
///     }
///     async fn put(&self, key: &Key, entry: &[u8], _expires: Option<SystemTime>) -> Result<()> {
///         self.0.lock().unwrap().insert(key.clone(), entry.to_vec());
///         Ok(())
///     }
///     async fn remove(&self, key: &Key) -> Result<bool> {
///         Ok(self.0.lock().unwrap().remove(key).is_some())
///     }
/// }
/// ```
pub trait AsyncBackend: Send + Sync + 'static {
    /// As [`Backend::describe`](crate::backend::Backend::describe).
    fn describe(&self) -> String;

    /// What is native here.
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    /// How long an operation may take: one second by default. For `clear`, `len` and `sweep` it is 60 times as long.
    fn timeout(&self) -> Duration {
        Duration::from_secs(1)
    }

    /// As [`Backend::get`](crate::backend::Backend::get).
    fn get(&self, key: &Key) -> impl Future<Output = Result<Option<Vec<u8>>>> + Send;

    /// As [`Backend::put`](crate::backend::Backend::put).
    fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> impl Future<Output = Result<()>> + Send;

    /// As [`Backend::remove`](crate::backend::Backend::remove).
    fn remove(&self, key: &Key) -> impl Future<Output = Result<bool>> + Send;

    /// As [`Backend::get_many`](crate::backend::Backend::get_many); one after the other by default.
    fn get_many(&self, keys: &[Key]) -> impl Future<Output = Result<Vec<Option<Vec<u8>>>>> + Send {
        async move {
            let mut found = Vec::with_capacity(keys.len());
            for key in keys {
                found.push(self.get(key).await?);
            }
            Ok(found)
        }
    }

    /// As [`Backend::put_many`](crate::backend::Backend::put_many); one after the other by default.
    fn put_many(&self, entries: &[Put]) -> impl Future<Output = Result<()>> + Send {
        async move {
            for put in entries {
                self.put(&put.key, &put.entry, put.expires).await?;
            }
            Ok(())
        }
    }

    /// As [`Backend::remove_many`](crate::backend::Backend::remove_many); one after the other by default.
    fn remove_many(&self, keys: &[Key]) -> impl Future<Output = Result<u64>> + Send {
        async move {
            let mut count = 0;
            for key in keys {
                count += u64::from(self.remove(key).await?);
            }
            Ok(count)
        }
    }

    /// As [`Backend::put_if_absent`](crate::backend::Backend::put_if_absent).
    fn put_if_absent(
        &self,
        _key: &Key,
        _entry: &[u8],
        _expires: Option<SystemTime>,
    ) -> impl Future<Output = Result<bool>> + Send {
        async { Err(self.unsupported("put_if_absent")) }
    }

    /// As [`Backend::touch`](crate::backend::Backend::touch).
    fn touch(&self, _key: &Key, _expires: Option<SystemTime>) -> impl Future<Output = Result<bool>> + Send {
        async { Err(self.unsupported("touch")) }
    }

    /// As [`Backend::written`](crate::backend::Backend::written).
    fn written(&self, _key: &Key) -> impl Future<Output = Result<Option<SystemTime>>> + Send {
        async { Err(self.unsupported("written")) }
    }

    /// As [`Backend::clear`](crate::backend::Backend::clear).
    fn clear(&self, _namespace: &str) -> impl Future<Output = Result<u64>> + Send {
        async { Err(self.unsupported("clear")) }
    }

    /// Some entries of `namespace`: the first, or those behind what an earlier [`Page`] said. What stands there all the
    /// time is shown at least once.
    fn page(&self, _namespace: &str, _next: Option<&[u8]>) -> impl Future<Output = Result<Page>> + Send {
        async { Err(self.unsupported("scan")) }
    }

    /// As [`Backend::shown`](crate::backend::Backend::shown).
    fn shown<'a>(&self, key: &'a Key) -> Cow<'a, Key> {
        Cow::Borrowed(key)
    }

    /// As [`Backend::len`](crate::backend::Backend::len); by pages by default.
    fn len(&self, namespace: &str) -> impl Future<Output = Result<u64>> + Send {
        async move {
            let (mut count, mut next) = (0, None);
            loop {
                let page = self.page(namespace, next.as_deref()).await?;
                count += page.entries.len() as u64;
                if page.next.is_none() {
                    return Ok(count);
                }
                next = page.next;
            }
        }
    }

    /// As [`Backend::sweep`](crate::backend::Backend::sweep).
    fn sweep(&self, _namespace: &str, _now: SystemTime) -> impl Future<Output = Result<u64>> + Send {
        async { Ok(0) }
    }

    /// Gives the load of a key to one caller among all processes for `life`: a token that no other caller has or had, or
    /// `None` while another has it. `owner` is asked again only by the one who asked before and lost the answer.
    fn lease(&self, _key: &Key, _owner: &str, _life: Duration) -> impl Future<Output = Result<Option<String>>> + Send {
        async { Err(self.unsupported("lease")) }
    }

    /// Puts `entry` and ends the lease, atomically, only if the lease of this token still holds; says whether it did.
    fn put_leased(
        &self,
        _key: &Key,
        _entry: &[u8],
        _expires: Option<SystemTime>,
        _token: &str,
    ) -> impl Future<Output = Result<bool>> + Send {
        async { Err(self.unsupported("lease")) }
    }

    /// Ends the lease of this token, or whichever holds if `None`: its owner can't put any more.
    fn end_lease(&self, _key: &Key, _token: Option<&str>) -> impl Future<Output = Result<()>> + Send {
        async { Err(self.unsupported("lease")) }
    }

    /// Lets `watcher` be told of each change that others make to entries of `namespace`, beginning with the next
    /// operation: one that is answered after a change was told of sees it. The store's own changes through this value
    /// are not told. Says whether it can, which [`Capabilities::watch`] says as well.
    fn watch(&self, _namespace: &str, _watcher: Watcher) -> bool {
        false
    }

    /// What a [`Notice`](crate::backend::Notice) calls this key.
    fn mark(&self, _key: &Key) -> u64 {
        0
    }

    /// As [`Backend::format`](crate::backend::Backend::format).
    fn format(&self) -> Cow<'static, str> {
        Cow::Borrowed("msgpack")
    }

    /// As [`Backend::has_own_format`](crate::backend::Backend::has_own_format).
    fn has_own_format(&self) -> bool {
        false
    }

    /// The error for an operation that this store lacks.
    fn unsupported(&self, operation: &str) -> Error {
        Error::new(Kind::Unsupported, format!("{} has no {operation}", self.describe()))
    }
}
