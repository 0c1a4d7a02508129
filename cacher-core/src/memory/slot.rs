//! One entry in memory.

use std::time::Duration;

use crate::{
    sync::{Arc, AtomicU64, Ordering},
    time::{Stamp, Tick},
};

/// A value and how long it lives.
#[derive(Clone, Debug)]
pub(crate) struct Slot<H> {
    pub(crate) held: H,
    /// Until when the value is fresh.
    pub(crate) until: Tick,
    /// The generation of the cache in which its load began; an older one than the cache's is cleared.
    pub(crate) generation: u64,
    /// Until when the value is fresh if nobody asks for it: later with each hit.
    pub(crate) idle: Option<Arc<Idle>>,
    pub(crate) weight: u64,
    /// When the value was made, by the time of day.
    pub(crate) created: Stamp,
    pub(crate) load_time: Duration,
}

/// Expiry of what nobody asks for.
#[derive(Debug)]
pub(crate) struct Idle {
    pub(crate) most: Duration,
    pub(crate) until: AtomicU64,
}

impl Idle {
    pub(crate) fn new(most: Duration, now: Tick) -> Self {
        Self { most, until: AtomicU64::new(now.after(most).0) }
    }

    fn until(&self) -> Tick {
        Tick(self.until.load(Ordering::Relaxed))
    }

    fn touch(&self, now: Tick) {
        self.until.store(now.after(self.most).0, Ordering::Relaxed);
    }
}

impl<H> Slot<H> {
    /// Whether it can expire at all; if not, a hit need not know the time.
    #[inline]
    pub(crate) fn mortal(&self) -> bool {
        self.until != Tick::NEVER || self.idle.is_some()
    }

    /// Whether it is past its time.
    #[inline]
    pub(crate) fn expired(&self, now: Tick) -> bool {
        now >= self.until || self.idle.as_ref().is_some_and(|idle| now >= idle.until())
    }

    /// When it is past its time if nobody asks for it any more.
    pub(crate) fn deadline(&self) -> Tick {
        self.idle.as_ref().map_or(self.until, |idle| idle.until().min(self.until))
    }

    /// Notes that it was asked for.
    #[inline]
    pub(crate) fn touch(&self, now: Tick) {
        if let Some(idle) = &self.idle {
            idle.touch(now);
        }
    }
}
