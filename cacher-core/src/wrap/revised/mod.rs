//! Entries whose earlier values are kept.

mod history;

use std::{borrow::Cow, fmt, time::SystemTime};

use history::History;
pub use history::Revision;

use super::{Report, turns::Turns};
use crate::{
    backend::{Backend, Capabilities, Cost, Key, Scanned},
    entry::{Stamp, Times},
    envelope::{self, Content, Identity},
    error::{Error, Kind, Result},
    sync::Arc,
};

/// A store that keeps the latest values of each entry, and those that were given names.
///
/// Revisions have numbers from 1 on; from the end they are -1, the latest, -2 and so on. A value that equals the
/// latest takes its place. What is pinned by a name is kept for as long as it has one. Revisions don't expire: what
/// an entry's age means is for its reader to say. A removal of an entry, and a clearing, remove them all.
///
/// They stand in a record of their own for each key, in the namespace `<namespace>@@revisions`: a write reads and
/// writes as much as all revisions of the key take. The entry itself is written first; if the process dies between the
/// two, the record is completed before the entry is written again. Writes of one key by several processes at the same
/// time may leave a revision out.
///
/// Its clones are the same view of the store.
///
/// ```
/// # #[cfg(feature = "msgpack")] {
/// use cacher_core::{backend::{Backend, Key, bytes::Bytes}, wrap::revised::Revised};
///
/// let store = Revised::new(Bytes::new(), 5);
/// let key = Key { namespace: "app".into(), name: "a".into(), format: "msgpack" };
/// store.put(&key, b"first", None)?;
/// store.pin(&key, "stable")?;
/// store.put(&key, b"second", None)?;
/// assert_eq!(store.revision(&key, -2)?.as_deref(), Some(&b"first"[..]));
/// assert_eq!(store.named(&key, "stable")?.as_deref(), Some(&b"first"[..]));
/// # }
/// # Ok::<(), cacher_core::error::Error>(())
/// ```
#[derive(Clone)]
pub struct Revised {
    inner: Arc<dyn Backend>,
    most: usize,
    turns: Arc<Turns>,
    report: Report,
}

/// What the envelope of a record says in place of a format.
const RECORD: &str = "revisions";

impl Revised {
    /// Keeps the latest `most` revisions of each entry of `backend`; at least 1.
    pub fn new(backend: impl Backend, most: usize) -> Self {
        Self::shared(Arc::new(backend), most)
    }

    /// The same for a backend that is in use elsewhere too.
    pub fn shared(backend: Arc<dyn Backend>, most: usize) -> Self {
        Self::reporting(backend, most, super::reported_by_namespace())
    }

    pub(crate) fn reporting(backend: Arc<dyn Backend>, most: usize, report: Report) -> Self {
        Self { inner: backend, most: most.max(1), turns: Arc::default(), report }
    }

    /// The revisions of an entry, the oldest first.
    ///
    /// # Errors
    /// Those of the store; [`Kind::Damaged`] if the record is.
    pub fn revisions(&self, key: &Key) -> Result<Vec<Revision>> {
        Ok(self.history(key)?.list())
    }

    /// A revision by its number, or from the end if that is negative; `None` if it is not kept.
    ///
    /// # Errors
    /// As [`revisions`](Self::revisions).
    pub fn revision(&self, key: &Key, number: i64) -> Result<Option<Vec<u8>>> {
        Ok(self.history(key)?.entry(number).map(<[u8]>::to_vec))
    }

    /// The revision that is pinned by a name.
    ///
    /// # Errors
    /// As [`revisions`](Self::revisions).
    pub fn named(&self, key: &Key, name: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.history(key)?.named(name).map(<[u8]>::to_vec))
    }

    /// Pins the latest revision by a name, which is taken from another that has it.
    ///
    /// # Errors
    /// [`Kind::NotCached`] if there is none; those of the store; [`Kind::Damaged`] if the record is.
    pub fn pin(&self, key: &Key, name: &str) -> Result<()> {
        if self.change(key, |history| history.pin(name))? {
            return Ok(());
        }
        Err(Error::new(Kind::NotCached, format!("nothing is cached that could be pinned as `{name}`")))
    }

    /// Takes a name away, and says whether it was there. What it alone has kept is forgotten.
    ///
    /// # Errors
    /// As [`revisions`](Self::revisions).
    pub fn unpin(&self, key: &Key, name: &str) -> Result<bool> {
        self.change(key, |history| history.unpin(name))
    }

    /// Forgets the revisions without a name, but for the latest; returns how many.
    ///
    /// # Errors
    /// As [`revisions`](Self::revisions).
    pub fn clear_unpinned(&self, key: &Key) -> Result<u64> {
        self.change(key, History::clear_unpinned)
    }

    fn change<T>(&self, key: &Key, change: impl FnOnce(&mut History) -> T) -> Result<T> {
        let _turn = self.turns.take(key);
        let mut history = self.history(key)?;
        let before = history.clone();
        let answer = change(&mut history);
        if history != before {
            self.keep(key, &history)?;
        }
        Ok(answer)
    }

    /// What is recorded, and the entry that stands there if that is newer.
    fn history(&self, key: &Key) -> Result<History> {
        self.completed(key).map(|(history, _)| history)
    }

    /// The same, and whether it is more than is recorded.
    fn completed(&self, key: &Key) -> Result<(History, bool)> {
        let mut history = self.recorded(key)?;
        let entry = self.inner.get(key)?;
        let is_newer = entry.is_some_and(|entry| history.add(&entry, self.most));
        Ok((history, is_newer))
    }

    /// What is recorded, so that the entry may be overwritten: one that a crash left out is recorded first.
    fn settled(&self, key: &Key) -> Result<History> {
        let (history, is_newer) = self.completed(key)?;
        if is_newer {
            self.keep(key, &history)?;
        }
        Ok(history)
    }

    fn recorded(&self, key: &Key) -> Result<History> {
        let Some(record) = self.inner.get(&record(key))? else { return Ok(History::default()) };
        let opened = envelope::open(&record, RECORD, &identity(&record_space(&key.namespace), key))?;
        History::read(&opened.value)
    }

    fn keep(&self, key: &Key, history: &History) -> Result<()> {
        let now = Stamp::from(SystemTime::now());
        let times = Times {
            load_began: now,
            created: now,
            fresh_until: Stamp::NEVER,
            keep_until: Stamp::NEVER,
            load_time: std::time::Duration::ZERO,
        };
        let (value, space) = (history.write(), record_space(&key.namespace));
        let content = Content { value: &value, arguments: None, tags: &[] };
        let sealed = envelope::seal(RECORD, &identity(&space, key), &times, &content);
        self.inner.put(&record(key), &sealed, None)
    }

    /// Records an entry beside what is recorded already. That it can't be is no reason to take the entry back.
    fn add(&self, key: &Key, earlier: Result<History>, entry: &[u8]) {
        let earlier = match earlier {
            Err(error) if error.kind() == Kind::Damaged => {
                self.fault(key, error);
                Ok(History::default())
            }
            // What can't be read now may be read later, so it is left.
            earlier => earlier,
        };
        let kept = earlier.and_then(|mut history| {
            history.add(entry, self.most);
            self.keep(key, &history)
        });
        if let Err(error) = kept {
            self.fault(key, error);
        }
    }

    fn fault(&self, key: &Key, error: Error) {
        (self.report)(key, error.within(self.describe()));
    }
}

/// Where the revisions of a namespace are. No namespace of a function holds two `@` in a row.
fn record_space(namespace: &str) -> String {
    format!("{namespace}@@{RECORD}")
}

fn record(key: &Key) -> Key {
    Key { namespace: record_space(&key.namespace).into(), ..key.clone() }
}

fn identity<'a>(space: &'a str, key: &'a Key) -> Identity<'a> {
    Identity { namespace: space, key: key.name.as_bytes() }
}

impl fmt::Debug for Revised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revised").field("store", &self.describe()).field("most", &self.most).finish_non_exhaustive()
    }
}

impl Backend for Revised {
    fn describe(&self) -> String {
        self.inner.describe()
    }

    fn cost(&self) -> Cost {
        self.inner.cost()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { written: false, ..self.inner.capabilities().of_plain_form() }
    }

    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        self.inner.get(key)
    }

    fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<()> {
        let _turn = self.turns.take(key);
        let earlier = self.settled(key);
        self.inner.put(key, entry, expires)?;
        self.add(key, earlier, entry);
        Ok(())
    }

    /// The entry first: what is recorded is found only beside it, or without one.
    fn remove(&self, key: &Key) -> Result<bool> {
        let _turn = self.turns.take(key);
        let removed = self.inner.remove(key)?;
        let recorded = self.inner.remove(&record(key))?;
        Ok(removed || recorded)
    }

    fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>> {
        self.inner.get_many(keys)
    }

    fn put_if_absent(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<bool> {
        let _turn = self.turns.take(key);
        let put = self.inner.put_if_absent(key, entry, expires)?;
        if put {
            self.add(key, self.recorded(key), entry);
        }
        Ok(put)
    }

    fn touch(&self, key: &Key, expires: Option<SystemTime>) -> Result<bool> {
        self.inner.touch(key, expires)
    }

    fn clear(&self, namespace: &str) -> Result<u64> {
        let cleared = self.inner.clear(namespace)?;
        self.inner.clear(&record_space(namespace))?;
        Ok(cleared)
    }

    fn scan(&self, namespace: &str, visit: &mut dyn FnMut(Scanned) -> bool) -> Result<()> {
        self.inner.scan(namespace, visit)
    }

    fn shown<'a>(&self, key: &'a Key) -> Cow<'a, Key> {
        self.inner.shown(key)
    }

    fn len(&self, namespace: &str) -> Result<u64> {
        self.inner.len(namespace)
    }

    fn sweep(&self, namespace: &str, now: SystemTime) -> Result<u64> {
        self.inner.sweep(&record_space(namespace), now)?;
        self.inner.sweep(namespace, now)
    }

    fn format(&self) -> Cow<'static, str> {
        self.inner.format()
    }
}
