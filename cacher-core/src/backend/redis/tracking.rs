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

use super::super::{
    Notice,
    watchers::{self, mark},
};
use crate::sync::{Arc, AtomicBool, Ordering};

/// Who wants to hear of the keys with which prefix.
pub(super) type Watchers = watchers::Watchers<String>;

/// What somebody wants to hear of.
#[derive(Default)]
pub(super) struct Prefixes {
    /// The prefixes of the keys.
    pub(super) prefixes: BTreeSet<String>,
    /// How many wanted to hear of anything: where others came since, there may be more.
    pub(super) number: u64,
}

/// What all of them want to hear of.
pub(super) fn wanted(watchers: &Watchers) -> Prefixes {
    let number = watchers.number();
    Prefixes { prefixes: watchers.subjects(), number }
}

fn changed(watchers: &Watchers, key: &str) {
    // No entry is called by the prefix alone: that stands for all of them.
    watchers.tell(|prefix| key == prefix, Notice::Lost);
    watchers.tell(|prefix| key.len() > prefix.len() && key.starts_with(prefix), Notice::Changed(mark(key)));
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
                        changed(&self.watchers, &key);
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
