//! What a store tells of the changes that others make to it.

use std::fmt;

use crate::sync::Arc;

/// A change that another process, or another user of the store, has made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// The entry of this mark was put, removed, or has expired: what was made of it is out of date.
    Changed(u64),
    /// Changes may have been missed: everything may be out of date.
    Lost,
}

/// Somebody who wants to hear of changes. Clones are the same one.
#[derive(Clone)]
pub struct Watcher(pub(super) Arc<dyn Fn(Notice) -> bool + Send + Sync>);

impl Watcher {
    /// One who is told by a call of `tell`, which does not block, and says whether more is wanted.
    pub fn new(tell: impl Fn(Notice) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// Tells of a change, and says whether the watcher wants to hear of more.
    #[must_use = "one who is gone need not be told again"]
    pub fn tell(&self, notice: Notice) -> bool {
        (self.0)(notice)
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watcher")
    }
}
