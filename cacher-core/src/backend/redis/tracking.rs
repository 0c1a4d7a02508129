//! Changes by others, as the server tells them: client-side caching in broadcasting mode, over RESP3.
//!
//! The server sends the names of the keys that change, by whomever, on the connection that asks for entries as well,
//! but for those that this connection has changed itself (`NOLOOP`). What a lost connection may have missed is
//! [`Notice::Lost`].

use std::collections::BTreeSet;

use redis::{
    Cmd, FromRedisValue, Pipeline, PushInfo, PushKind, Value,
    aio::{AsyncPushSender, SendError},
    cmd,
};

use super::super::{Notice, Watcher};
use crate::sync::{Arc, AtomicBool, Mutex, Ordering, lock};

/// Who wants to hear of which keys.
#[derive(Default)]
pub(super) struct Watchers(Mutex<Vec<Entry>>);

#[derive(Clone)]
struct Entry {
    prefix: String,
    watcher: Watcher,
}

/// What a notice calls a key.
pub(super) fn mark(key: &str) -> u64 {
    let hash = blake3::hash(key.as_bytes());
    let (first, _) = hash.as_bytes().split_first_chunk().unwrap_or_else(|| unreachable!("a hash has 32 bytes"));
    u64::from_le_bytes(*first)
}

impl Watchers {
    /// Adds one for the keys with this prefix.
    pub(super) fn add(&self, prefix: String, watcher: Watcher) {
        lock(&self.0).push(Entry { prefix, watcher });
    }

    /// The prefixes of the keys that somebody wants to hear of.
    pub(super) fn prefixes(&self) -> BTreeSet<String> {
        lock(&self.0).iter().map(|entry| entry.prefix.clone()).collect()
    }

    /// Tells all that changes may have been missed.
    pub(super) fn lost(&self) {
        self.tell(|_| true, Notice::Lost);
    }

    fn changed(&self, key: &str) {
        // No entry is called by the prefix alone: that stands for all of them.
        self.tell(|prefix| key == prefix, Notice::Lost);
        self.tell(|prefix| key.len() > prefix.len() && key.starts_with(prefix), Notice::Changed(mark(key)));
    }

    /// Tells those whose prefix is meant, and forgets those who are gone.
    fn tell(&self, meant: impl Fn(&str) -> bool, notice: Notice) {
        let told: Vec<_> = lock(&self.0).iter().filter(|entry| meant(&entry.prefix)).cloned().collect();
        for Entry { prefix, watcher } in told {
            if !watcher.tell(notice) {
                lock(&self.0).retain(|entry| entry.prefix != prefix || !entry.watcher.is(&watcher));
            }
        }
    }
}

/// What asks for the changes of keys with these prefixes.
pub(super) fn tracking(prefixes: &BTreeSet<String>) -> Cmd {
    let mut tracking = cmd("CLIENT");
    tracking.arg("TRACKING").arg("ON").arg("BCAST").arg("NOLOOP");
    for prefix in prefixes {
        tracking.arg("PREFIX").arg(prefix);
    }
    tracking
}

/// What lets the server tell of a change to keys where nothing is and nothing is to be. No script: its changes are told
/// to the one who runs it as well.
pub(super) fn announcement(keys: &[String]) -> Pipeline {
    let mut announcement = redis::pipe();
    announcement.atomic();
    for key in keys {
        announcement.cmd("SET").arg(key).arg("").ignore().cmd("UNLINK").arg(key).ignore();
    }
    announcement
}

/// Hears what one connection is told, before the answers that come after it are given out.
pub(super) struct Ear {
    watchers: Arc<Watchers>,
    /// Whether it has been told anything that can be missed.
    listening: AtomicBool,
}

impl Ear {
    pub(super) fn new(watchers: Arc<Watchers>) -> Self {
        Self { watchers, listening: AtomicBool::new(false) }
    }

    /// From now on the server tells of changes.
    pub(super) fn listen(&self) {
        self.listening.store(true, Ordering::SeqCst);
    }
}

impl AsyncPushSender for Ear {
    fn send(&self, push: PushInfo) -> Result<(), SendError> {
        match (push.kind, push.data.into_iter().next()) {
            (PushKind::Invalidate, Some(Value::Array(keys))) => {
                for key in keys {
                    // What is no text is not ours.
                    if let Ok(key) = String::from_redis_value(key) {
                        self.watchers.changed(&key);
                    }
                }
            }
            // The whole database was emptied.
            (PushKind::Invalidate, _) => self.watchers.lost(),
            _ => {}
        }
        Ok(())
    }
}

/// The connection has ended.
impl Drop for Ear {
    fn drop(&mut self) {
        if self.listening.load(Ordering::SeqCst) {
            self.watchers.lost();
        }
    }
}
