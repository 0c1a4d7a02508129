//! Without a server that tells of changes.

use std::future::Ready;

use super::{super::Watcher, fault::Failed, message::Message};
use crate::sync::Arc;

/// There are none.
#[derive(Debug)]
pub(super) enum News {}

/// Nor any message.
pub(super) enum Sent {}

impl News {
    pub(super) fn watch(self: &Arc<Self>, _prefix: &str, _watcher: Watcher) {
        match **self {}
    }

    pub(super) fn ready(self: &Arc<Self>) -> Ready<Result<(), Failed>> {
        match **self {}
    }

    pub(super) fn send(&self) -> Option<Sent> {
        match *self {}
    }

    pub(super) fn sign(&self, _message: &mut Message, _sent: Option<&Sent>) {
        match *self {}
    }
}

impl Sent {
    pub(super) fn back(self) -> Ready<()> {
        match self {}
    }
}
