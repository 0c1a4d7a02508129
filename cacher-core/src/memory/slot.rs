//! One entry in memory.

use std::time::Duration;

use crate::{
    sync::{Arc, AtomicU64, Ordering},
    tags::Tagged,
    time::{Stamp, Tick},
};

/// A value and how long it lives.
///
/// Kept small, because a hit copies it. What a hit does not need is behind a pointer, which a copy leaves out unless
/// the value's life depends on when it was last asked for, or strategies ask for it.
#[derive(Debug)]
pub struct Slot<H> {
    pub(crate) held: H,
    /// Until when nobody need think: it is fresh, and not to be loaded anew.
    until: Tick,
    generation: u64,
    facts: Option<Arc<Facts>>,
}

/// Set in `generation` if copies keep the facts.
const FULL: u64 = 1 << 63;

/// What is known about a value.
#[derive(Debug)]
pub struct Facts {
    pub(crate) weight: u64,
    /// Until when the value is fresh.
    pub(crate) fresh_until: Tick,
    /// When the value was made, by the time of day.
    pub(crate) created: Stamp,
    pub(crate) load_time: Duration,
    pub(crate) idle: Option<Idle>,
    /// How long it is kept past its time.
    pub(crate) grace: Duration,
    pub(crate) tagged: Tagged,
}

impl Facts {
    /// Notes that the value was asked for; `false` if it is past its time, or has been invalidated by a tag.
    #[inline(never)]
    fn ask(&self, now: Tick) -> bool {
        self.tagged.is_current() && self.idle.as_ref().is_none_or(|idle| idle.ask(now))
    }
}

/// Expiry of what nobody asks for.
#[derive(Debug)]
pub(crate) struct Idle {
    most: Duration,
    until: AtomicU64,
}

impl Idle {
    pub(crate) fn new(most: Duration, now: Tick) -> Self {
        Self { most, until: AtomicU64::new(now.after(most).0) }
    }

    fn deadline(&self) -> Tick {
        Tick(self.until.load(Ordering::Relaxed))
    }

    fn ask(&self, now: Tick) -> bool {
        let lives = now < self.deadline();
        if lives {
            self.until.store(now.after(self.most).0, Ordering::Relaxed);
        }
        lives
    }
}

impl<H: Clone> Clone for Slot<H> {
    #[inline]
    fn clone(&self) -> Self {
        let facts = if self.generation & FULL == 0 { None } else { self.facts.clone() };
        Self { held: self.held.clone(), until: self.until, generation: self.generation, facts }
    }
}

impl<H> Slot<H> {
    /// A value that nobody need think about until then, of a load that began in this generation of the cache.
    pub(crate) fn new(held: H, until: Tick, generation: u64, facts: Facts, full: bool) -> Self {
        // What can expire says so by `until` alone.
        let asked = facts.idle.is_some() || !facts.tagged.is_none();
        let most = if asked { Tick(Tick::NEVER.0 - 1) } else { Tick::NEVER };
        let full = if full || asked { FULL } else { 0 };
        Self { held, until: until.min(most), generation: generation | full, facts: Some(Arc::new(facts)) }
    }

    /// A copy with all that is known.
    pub(crate) fn full(&self) -> Self
    where
        H: Clone,
    {
        let Self { held, until, generation, facts } = self;
        Self { held: held.clone(), until: *until, generation: *generation, facts: facts.clone() }
    }

    /// The generation in which its load began; an older one than the cache's is cleared.
    #[inline]
    pub(crate) fn generation(&self) -> u64 {
        self.generation & !FULL
    }

    /// What is known about the value; nothing in most copies.
    pub(crate) fn facts(&self) -> Option<&Arc<Facts>> {
        self.facts.as_ref()
    }

    #[inline]
    fn idle(&self) -> Option<&Idle> {
        self.facts.as_ref()?.idle.as_ref()
    }

    /// Whether it can expire at all; if not, a hit need not know the time.
    #[inline]
    pub(crate) fn mortal(&self) -> bool {
        self.until != Tick::NEVER
    }

    /// Whether it is of no use any more.
    pub(crate) fn spent(&self, now: Tick) -> bool {
        now >= self.end() || !self.is_current()
    }

    /// Whether no tag of it has been invalidated.
    pub(crate) fn is_current(&self) -> bool {
        self.facts.as_ref().is_none_or(|facts| facts.tagged.is_current())
    }

    /// Whether it is past its time.
    #[inline]
    pub(crate) fn expired(&self, now: Tick) -> bool {
        now >= self.deadline()
    }

    /// When it is past its time if nobody asks for it any more. Of a copy without facts no later than that.
    #[inline]
    pub(crate) fn deadline(&self) -> Tick {
        let fresh_until = self.facts.as_ref().map_or(self.until, |facts| facts.fresh_until);
        self.idle().map_or(fresh_until, |idle| idle.deadline().min(fresh_until))
    }

    /// When it is of no use any more: its deadline, or later if it is kept past that.
    pub(crate) fn end(&self) -> Tick {
        let deadline = self.deadline();
        if deadline == Tick::NEVER { deadline } else { deadline.after(self.grace()) }
    }

    fn grace(&self) -> Duration {
        self.facts.as_ref().map_or(Duration::ZERO, |facts| facts.grace)
    }

    /// Notes that it was asked for; `false` if it is past its time.
    #[inline]
    pub(crate) fn ask(&self, now: Tick) -> bool {
        now < self.until && self.facts.as_ref().is_none_or(|facts| facts.ask(now))
    }

    /// What it counts against the bound of its table.
    pub(crate) fn weight(&self) -> u64 {
        self.facts.as_ref().map_or(1, |facts| facts.weight)
    }
}
