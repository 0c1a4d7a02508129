//! How long a value lives.

mod terms;

pub(crate) use terms::Ruled;
pub use terms::Terms;

use std::time::Duration;

use super::Freshness;
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
    /// How long past its time a value still answers calls while it is loaded anew.
    pub revalidate: Option<Duration>,
    /// How long past its time a value answers calls whose body fails.
    pub if_error: Option<Duration>,
    /// How much longer it is kept for the body, which may find that it is still good.
    pub revalidable: Option<Duration>,
    /// The part of its life after which a value is loaded anew while it still answers calls, between 0 and 1.
    pub refresh_at: Option<f64>,
    /// How eagerly a value is loaded anew at random before its time, in proportion to how long that takes: 1 is the
    /// optimum of Vattani, Chierichetti and Lowenstein.
    pub xfetch: Option<f64>,
}

/// What an entry is good for; the later, the less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Age {
    /// It answers calls.
    Fresh,
    /// It answers calls, and is to be loaded anew.
    Due,
    /// It answers calls whose body fails or is held back.
    Stale,
    /// It answers no calls, but the body may find that it is still good.
    Revalidable,
    /// Nothing.
    Spent,
}

impl From<Freshness> for Age {
    fn from(freshness: Freshness) -> Self {
        match freshness {
            Freshness::Fresh => Self::Fresh,
            Freshness::Due => Self::Due,
            Freshness::Stale => Self::Stale,
            Freshness::Expired => Self::Spent,
        }
    }
}

/// How an entry stands to its time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    /// How long ago it was made.
    pub(crate) age: Duration,
    /// How much longer it is fresh; zero if it is past its time, [`Duration::MAX`] if it has none.
    pub(crate) left: Duration,
    /// How long it is past its time.
    pub(crate) past: Duration,
    pub(crate) load_time: Duration,
}

/// With this many times the load time left an early refresh is less likely than one in 10^17.
const SURELY_EARLY: f64 = 40.0;

impl Life {
    /// How long a value that is fresh for `lifetime` is kept beyond that.
    pub(crate) fn kept_for(&self, lifetime: Duration) -> Duration {
        self.grace(lifetime).saturating_add(self.revalidable.unwrap_or_default())
    }

    /// How long it is of use to calls beyond that. What expires by idleness has no other end.
    fn grace(&self, lifetime: Duration) -> Duration {
        let stale = if self.stale { self.tti.map_or(lifetime, |tti| tti.min(lifetime)) } else { Duration::ZERO };
        stale.max(self.if_error.unwrap_or_default()).max(self.revalidate.unwrap_or_default())
    }

    /// Whether values are loaded anew before they are of no use.
    pub(crate) fn renews(&self) -> bool {
        self.revalidate.is_some() || self.refreshes_ahead()
    }

    /// Whether values are of some use while they are loaded anew, or past their time.
    pub(crate) fn lingers(&self) -> bool {
        self.stale || self.if_error.is_some() || self.revalidable.is_some() || self.renews()
    }

    fn refreshes_ahead(&self) -> bool {
        self.refresh_at.is_some() || self.xfetch.is_some()
    }

    /// Until when a value that is fresh until then answers calls while it is loaded anew.
    pub(crate) fn answers_until(&self, fresh_until: Tick) -> Tick {
        self.revalidate.map_or(fresh_until, |window| fresh_until.after(window))
    }

    /// Until when a value that is fresh until then answers calls whose body fails; `due` ones answer calls anyway.
    pub(crate) fn stands_in_until(&self, fresh_until: Tick, due: bool) -> Tick {
        let answers = if due { self.answers_until(fresh_until) } else { Tick(0) };
        self.if_error.map_or(answers, |window| fresh_until.after(window).max(answers))
    }

    /// What an entry is good for now; what is past its time and kept is stale. `random` gives any number, spread evenly.
    pub(crate) fn age(&self, standing: &Standing, random: impl FnOnce() -> u64) -> Age {
        if standing.left.is_zero() {
            let lifetime = standing.age.saturating_sub(standing.past);
            return match standing.past {
                past if self.revalidate.is_some_and(|window| past < window) => Age::Due,
                past if self.revalidable.is_none() || past < self.grace(lifetime) => Age::Stale,
                _ => Age::Revalidable,
            };
        }
        if self.is_past_its_part(standing) || self.is_early_enough(standing, random) { Age::Due } else { Age::Fresh }
    }

    fn is_past_its_part(&self, Standing { age, left, .. }: &Standing) -> bool {
        self.refresh_at.is_some_and(|part| *left != Duration::MAX && *age >= share(age.saturating_add(*left), part))
    }

    /// Probabilistic early expiration: A. Vattani, F. Chierichetti, K. Lowenstein, "Optimal Probabilistic Cache Stampede
    /// Prevention", PVLDB 8 (2015).
    fn is_early_enough(&self, standing: &Standing, random: impl FnOnce() -> u64) -> bool {
        let Some(eagerness) = self.xfetch.filter(|_| standing.left != Duration::MAX) else { return false };
        // Never zero, whose logarithm there is none of.
        let early = -(1.0 - fraction(random())).ln() * eagerness;
        standing.load_time.as_secs_f64() * early >= standing.left.as_secs_f64()
    }

    /// How long from now, at the latest, an entry is surely not due: what asks earlier need not think.
    pub(crate) fn surely_fresh(&self, Standing { age, left, load_time, .. }: &Standing) -> Duration {
        if *left == Duration::MAX {
            return *left;
        }
        let until_part = self.refresh_at.map(|part| share(age.saturating_add(*left), part).saturating_sub(*age));
        let until_early = self.xfetch.map(|eagerness| {
            let early = load_time.as_secs_f64() * eagerness * SURELY_EARLY;
            left.saturating_sub(Duration::try_from_secs_f64(early).unwrap_or(Duration::MAX))
        });
        until_part.into_iter().chain(until_early).min().unwrap_or(*left)
    }
}

fn share(life: Duration, part: f64) -> Duration {
    Duration::try_from_secs_f64(life.as_secs_f64() * part).unwrap_or(Duration::MAX)
}

/// A number from 0 on and below 1.
#[expect(clippy::cast_precision_loss, reason = "any fraction will do")]
fn fraction(random: u64) -> f64 {
    (random >> 11) as f64 / (1_u64 << 53) as f64
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
fn spread(lifetime: Duration, jitter: Duration, random: impl FnOnce() -> u64) -> Duration {
    if jitter.is_zero() || lifetime == Duration::MAX {
        return lifetime;
    }
    lifetime.saturating_sub(jitter.min(lifetime / 2).mul_f64(fraction(random())))
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

/// How long ago the time of a stored entry was, if it is past that and still of some use under the terms of today.
#[must_use]
pub(crate) fn past(times: &Times, life: &Life, terms: &Terms, now: Stamp) -> Option<Duration> {
    let end = end(times.created, terms);
    let kept = times.keep_until.min(end.after(life.kept_for(end.since(times.created))));
    let of_use = !is_from_the_future(times, now) && now < kept;
    of_use.then(|| now.since(times.fresh_until.min(end)))
}

/// When a value of these terms, made at `created`, is past its time, however often it is asked for.
#[must_use]
pub(crate) fn end(created: Stamp, terms: &Terms) -> Stamp {
    if terms.hold_as_made() {
        return Stamp::NEVER;
    }
    let longest = terms.longest_ttl().map_or(Stamp::NEVER, |ttl| created.after(ttl));
    terms.expires_at.map_or(Stamp::NEVER, Stamp::from).min(longest)
}

/// The same for a value that was seen.
#[must_use]
pub(crate) fn end_of(created: Stamp, terms: &Terms) -> Stamp {
    end(created, &terms.of_the_value())
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

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::{scope::CallOptions, sync::Arc};

    const SECOND: Duration = Duration::from_secs(1);

    fn ttl(terms: &Terms) -> Option<Duration> {
        lifetime(&Life::default(), terms, || Stamp(0), || 0)
    }

    #[test]
    fn what_a_caller_says_comes_before_the_function_and_after_the_settings() {
        let given = |terms: Terms| terms.given(&Arc::new(CallOptions::new().ttl(10 * SECOND)));
        let said = Terms::new().ttl(60 * SECOND);
        assert_eq!(ttl(&given(said.clone())), Some(10 * SECOND));
        assert_eq!(ttl(&given(Terms::new()).with(said.clone())), Some(10 * SECOND), "whatever the value says");
        assert_eq!(ttl(&given(said.clone()).ruled(Ruled::To(30 * SECOND))), Some(30 * SECOND));
        assert_eq!(ttl(&given(said.clone().ruled(Ruled::To(5 * SECOND)))), Some(5 * SECOND), "in either order");
        assert_eq!(ttl(&given(Terms::new().ruled(Ruled::Else(60 * SECOND)))), Some(10 * SECOND));
        assert_eq!(ttl(&given(said.clone().none_ttl(SECOND).none(true))), Some(SECOND));
        assert_eq!(ttl(&given(said.expires_at(SystemTime::UNIX_EPOCH + 2 * SECOND))), Some(2 * SECOND));
    }

    #[test]
    fn what_is_stored_may_be_as_old_as_either_says() {
        let given = |ttl| Terms::new().ttl(60 * SECOND).given(&Arc::new(CallOptions::new().ttl(ttl)));
        assert_eq!(end(Stamp(0), &given(10 * SECOND)), Stamp(60_000));
        assert_eq!(end(Stamp(0), &given(90 * SECOND)), Stamp(90_000));
        assert_eq!(end(Stamp(0), &given(90 * SECOND).ruled(Ruled::To(30 * SECOND))), Stamp(30_000));
    }
}
