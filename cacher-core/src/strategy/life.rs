//! How long a value lives.

use std::time::{Duration, SystemTime};

use crate::{
    entry::Times,
    time::{Stamp, Tick},
};

/// What a function says about all its values.
#[derive(Clone, Copy, Debug, Default)]
pub struct Life {
    /// Expires what nobody asks for, this long after the last hit.
    pub tti: Option<Duration>,
    /// The most that is taken off a life at random, so that entries made together do not expire together.
    pub jitter: Option<Duration>,
    /// Keeps values as long again as they are fresh, for when the body is held back.
    pub stale: bool,
}

impl Life {
    /// How long a value that is fresh for `lifetime` is kept beyond that. What expires by idleness has no other end.
    pub(crate) fn grace(&self, lifetime: Duration) -> Duration {
        if self.stale { self.tti.map_or(lifetime, |tti| tti.min(lifetime)) } else { Duration::ZERO }
    }
}

/// What a call says about its value.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    ttl: Option<Duration>,
    none_ttl: Option<Duration>,
    expires_at: Option<SystemTime>,
    pub(crate) none: bool,
    keep: bool,
    /// Whether a stored entry lives as long as was said when it was made, whatever is said now.
    as_made: bool,
    origin: Origin,
    /// Which of several rate limits applies.
    pub(crate) partition: u64,
}

/// Where the TTL comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// The function.
    Function,
    /// The settings, where the function says neither a TTL nor an end of the value.
    Default,
    /// The settings, whatever the function says.
    Ruling,
}

/// The TTL that the settings of the process give.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Ruled {
    /// None.
    #[default]
    Not,
    /// Where neither a TTL nor an end is said about a value.
    Else(Duration),
    /// In place of any TTL that is said; that of `None` only if it is longer.
    To(Duration),
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            ttl: None,
            none_ttl: None,
            expires_at: None,
            none: false,
            keep: true,
            as_made: false,
            partition: 0,
            origin: Origin::Function,
        }
    }
}

impl Terms {
    /// Nothing said: kept for ever.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lives this long. Zero is not kept at all.
    #[must_use]
    pub fn ttl(self, ttl: Duration) -> Self {
        Self { ttl: Some(ttl), ..self }
    }

    /// `None` lives this long.
    #[must_use]
    pub fn none_ttl(self, ttl: Duration) -> Self {
        Self { none_ttl: Some(ttl), ..self }
    }

    /// Lives until then, and no longer than the TTL.
    #[must_use]
    pub fn expires_at(self, time: SystemTime) -> Self {
        Self { expires_at: Some(time), ..self }
    }

    /// The value is `None`.
    #[must_use]
    pub fn none(self, none: bool) -> Self {
        Self { none, ..self }
    }

    /// The rate limit that this call counts for.
    #[must_use]
    pub fn per(self, partition: u64) -> Self {
        Self { partition, ..self }
    }

    /// Says nothing about entries that are stored already: they live as long as was said when they were made.
    #[must_use]
    pub(crate) fn for_new(self) -> Self {
        Self { as_made: true, ..self }
    }

    /// Whether the value is to be kept.
    #[must_use]
    pub fn keep(self, keep: bool) -> Self {
        Self { keep, ..self }
    }

    /// These terms under the settings of the process.
    #[must_use]
    pub(crate) fn ruled(self, ruled: Ruled) -> Self {
        match ruled {
            Ruled::To(ttl) => Self { ttl: Some(ttl), origin: Origin::Ruling, ..self },
            Ruled::Else(ttl) if self.ttl.is_none() => Self { ttl: Some(ttl), origin: Origin::Default, ..self },
            Ruled::Else(_) | Ruled::Not => self,
        }
    }

    /// These terms with what was said on seeing the value.
    #[must_use]
    pub(crate) fn with(self, seen: Self) -> Self {
        let (ttl, origin) = match seen.ttl.filter(|_| self.origin != Origin::Ruling) {
            Some(ttl) => (Some(ttl), Origin::Function),
            None => (self.ttl, self.origin),
        };
        Self {
            ttl,
            origin,
            none_ttl: seen.none_ttl.or(self.none_ttl),
            expires_at: seen.expires_at.or(self.expires_at),
            none: seen.none,
            keep: seen.keep,
            as_made: self.as_made,
            partition: self.partition,
        }
    }

    fn applicable_ttl(&self) -> Option<Duration> {
        let none_ttl = self.none_ttl.filter(|_| self.none);
        match self.origin {
            Origin::Ruling => none_ttl.into_iter().chain(self.ttl).min(),
            Origin::Default => none_ttl.or(self.ttl.filter(|_| self.expires_at.is_none())),
            Origin::Function => none_ttl.or(self.ttl),
        }
    }

    /// The longest TTL that a stored value may have under these terms, before it is seen.
    fn longest_ttl(&self) -> Option<Duration> {
        match self.origin {
            Origin::Ruling => return self.ttl,
            // The value may say a longer one.
            Origin::Default => return None,
            Origin::Function => {}
        }
        self.ttl.map(|ttl| self.none_ttl.map_or(ttl, |none_ttl| none_ttl.max(ttl)))
    }
}

/// How long from now a new value is fresh; `None` if it is not to be kept, [`Duration::MAX`] if it never expires.
///
/// `random` gives any number, spread evenly.
#[must_use]
pub fn lifetime(
    life: &Life,
    terms: &Terms,
    now: impl FnOnce() -> Stamp,
    random: impl FnOnce() -> u64,
) -> Option<Duration> {
    let ttl = terms.applicable_ttl().unwrap_or(Duration::MAX);
    let until = terms.expires_at.map_or(Duration::MAX, |time| Stamp::from(time).since(now()));
    let lifetime = spread(ttl.min(until), life.jitter.unwrap_or_default(), random);
    (terms.keep && !lifetime.is_zero()).then_some(lifetime)
}

/// A number for the jitter of an entry with a key of this hash. The hash alone would do for a table, but its bits are
/// not spread evenly.
#[must_use]
pub(crate) fn random(hash: u64, now: Tick) -> u64 {
    mix(hash ^ now.0.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// The finalizer of `SplitMix64`.
pub(crate) fn mix(mixed: u64) -> u64 {
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Takes a random part of `jitter` off a life, but never more than half of it.
#[expect(clippy::cast_precision_loss, reason = "any fraction will do")]
fn spread(lifetime: Duration, jitter: Duration, random: impl FnOnce() -> u64) -> Duration {
    if jitter.is_zero() || lifetime == Duration::MAX {
        return lifetime;
    }
    let fraction = (random() >> 11) as f64 / (1_u64 << 53) as f64;
    lifetime.saturating_sub(jitter.min(lifetime / 2).mul_f64(fraction))
}

/// How far the clocks of the machines that share a store may differ before an entry from the future is not believed.
const SKEW: Duration = Duration::from_secs(60);

/// How long from now a stored entry is still fresh under the terms of today; `None` if it is past that.
///
/// An entry lives from its making, so a TTL that was shortened in the source holds for it too. An entry from the
/// future is not believed: a clock that jumped must not make it live for ever.
#[must_use]
pub fn remaining(times: &Times, terms: &Terms, now: Stamp) -> Option<Duration> {
    if is_from_the_future(times, now) {
        return None;
    }
    let until = times.fresh_until.min(end(times.created, terms));
    if until == Stamp::NEVER {
        return Some(Duration::MAX);
    }
    let left = until.since(now);
    (!left.is_zero()).then(|| left.min(until.since(times.created)))
}

fn is_from_the_future(times: &Times, now: Stamp) -> bool {
    times.created > now.after(SKEW)
}

/// Whether a stored entry that is past its time is of use where the body is held back, under the terms of today.
#[must_use]
pub(crate) fn may_stand_in(times: &Times, life: &Life, terms: &Terms, now: Stamp) -> bool {
    let end = end(times.created, terms);
    let kept = end.after(life.grace(end.since(times.created)));
    life.stale && !is_from_the_future(times, now) && now < times.keep_until.min(kept)
}

/// When a value of these terms, made at `created`, is past its time, however often it is asked for.
#[must_use]
pub(crate) fn end(created: Stamp, terms: &Terms) -> Stamp {
    if terms.as_made && terms.origin != Origin::Ruling {
        return Stamp::NEVER;
    }
    let longest = terms.longest_ttl().map_or(Stamp::NEVER, |ttl| created.after(ttl));
    terms.expires_at.map_or(Stamp::NEVER, Stamp::from).min(longest)
}

/// The same for a value that was seen.
#[must_use]
pub(crate) fn end_of(created: Stamp, terms: &Terms) -> Stamp {
    end(created, &Terms { ttl: terms.applicable_ttl(), none_ttl: None, origin: Origin::Function, ..*terms })
}

/// The end of a life on the clock of memory.
#[must_use]
pub(crate) fn until(now: Tick, lifetime: Duration) -> Tick {
    if lifetime == Duration::MAX { Tick::NEVER } else { now.after(lifetime) }
}

/// The end of a life on the clock of stores.
#[must_use]
pub(crate) fn until_stamp(now: Stamp, lifetime: Duration) -> Stamp {
    if lifetime == Duration::MAX { Stamp::NEVER } else { now.after(lifetime) }
}
