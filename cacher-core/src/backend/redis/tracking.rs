//! Changes by others, as the server tells them: client-side caching in broadcasting mode, over RESP3.
//!
//! The server sends the names of the keys that change, by whomever, on the connection that asks for entries as well,
//! but for those that this connection has changed itself (`NOLOOP`). What a lost connection may have missed is
//! [`Notice::Lost`].

use std::collections::BTreeSet;

use redis::{Cmd, FromRedisValue, PushInfo, PushKind, Value, cmd};
use tokio::sync::mpsc::UnboundedReceiver;

use super::super::{Notice, Watcher};
use crate::sync::{Arc, Mutex, lock};

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
    /// Adds one for the keys with this prefix, and says whether it is the first of all.
    pub(super) fn add(&self, prefix: String, watcher: Watcher) -> bool {
        let mut all = lock(&self.0);
        all.push(Entry { prefix, watcher });
        all.len() == 1
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
        self.tell(|prefix| key.starts_with(prefix), Notice::Changed(mark(key)));
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

/// Hands on what a connection is told, until it is closed.
pub(super) async fn hand_on(watchers: Arc<Watchers>, mut told: UnboundedReceiver<PushInfo>) {
    while let Some(push) = told.recv().await {
        match (push.kind, push.data.into_iter().next()) {
            (PushKind::Invalidate, Some(Value::Array(keys))) => {
                for key in keys {
                    // What is no text is not ours.
                    if let Ok(key) = String::from_redis_value(key) {
                        watchers.changed(&key);
                    }
                }
            }
            // The whole database was emptied.
            (PushKind::Invalidate, _) => watchers.lost(),
            _ => {}
        }
    }
    watchers.lost();
}
