use std::time::Duration;

/// How fresh an entry is; the later, the less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Freshness {
    /// It answers the call.
    Fresh,
    /// It answers the call, and is loaded anew meanwhile.
    Due,
    /// The body is to run; where it may not, the entry does.
    Stale,
    /// It is of no use any more.
    Expired,
}

/// What is known about an entry that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    pub(crate) age: Duration,
    pub(crate) fresh_for: Option<Duration>,
    pub(crate) load_time: Duration,
    pub(crate) in_memory: bool,
}

impl Found {
    /// How long ago it was stored first.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.age
    }

    /// How much longer it is within its TTL; `None` if it has none.
    #[must_use]
    pub fn fresh_for(&self) -> Option<Duration> {
        self.fresh_for
    }

    /// How long its load took.
    #[must_use]
    pub fn load_time(&self) -> Duration {
        self.load_time
    }

    /// Whether it is in memory; else it is in a store.
    #[must_use]
    pub fn in_memory(&self) -> bool {
        self.in_memory
    }
}
