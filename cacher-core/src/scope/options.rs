//! What a call is given beside its arguments.

use std::{borrow::Borrow, time::Duration};

use super::{Given, Mode, MostAge, Scope, Scoped};
use crate::{sync::Arc, tags::Tags};

/// What a call is given beside its arguments: how long its value lives, how old it may be, its tags, and which tiers
/// are left out. For the calls in a scope by [`with`], or for an entry by its `with`.
///
/// ```
/// use std::time::Duration;
/// use cacher_core::scope::CallOptions;
///
/// let options = CallOptions::new().ttl(Duration::from_secs(60)).tags(["user:7"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use = "options do nothing by themselves"]
pub struct CallOptions {
    pub(crate) ttl: Option<Duration>,
    max_age: Option<MostAge>,
    /// What the tags are called here; the tags themselves are others in each isolation.
    names: Vec<Arc<str>>,
    pub(crate) tags: Tags,
    pub(crate) skipped: Places,
}

/// Places where values are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Places {
    /// Whether memory is one of them, wherever it stands.
    pub(crate) memory: bool,
    /// Of each place in the order of `backend` a bit.
    pub(crate) listed: u64,
}

impl CallOptions {
    /// None: calls are answered as ever.
    pub fn new() -> Self {
        Self::default()
    }

    /// What is stored lives this long, in place of what the function says; `None` no longer than `none_ttl`, a value no
    /// longer than its `expires_at`. Zero is not stored at all.
    ///
    /// The `?ttl=` of a tier and a TTL that the settings of the process rule stay in force. In a store a value lives no
    /// longer than the function's TTL for calls without these options: the function's source may shorten that for what
    /// is stored already.
    pub fn ttl(self, ttl: Duration) -> Self {
        Self { ttl: Some(ttl), ..self }
    }

    /// Values that are older are loaded anew, as in [`no_older_than`](super::no_older_than). Says nothing about an entry.
    pub fn max_age(self, age: Duration) -> Self {
        Self { max_age: Some(MostAge::new(age)), ..self }
    }

    /// What is stored has these tags besides those that the function says; given again, more of them.
    ///
    /// A value without them does not answer the call: it is loaded anew, and has them from then on, so that
    /// `invalidate_tag` ends whatever such a call returns. What `insert`, `refresh` and the like store outside such a
    /// scope has them no longer.
    ///
    /// In memory the function needs no `tags` of its own. Where it has stores, say at least one: without it, a process
    /// that has neither given tags to its calls nor read such an entry does not tell the stores when it invalidates a
    /// tag, and none hears of what others invalidate. That is a fault, once in each process. A store of bare values
    /// keeps none that has tags, which is a fault as well.
    pub fn tags(self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let names: Vec<Arc<str>> = names.into_iter().map(|name| name.as_ref().into()).collect();
        let tags = self.tags.and(Tags::named(&names));
        Self { tags, names: together(self.names, names), ..self }
    }

    /// Leaves out the tier at this place of `backend = [..]`, from 0 on: the call neither reads nor writes it, and
    /// what stands there stays. Given again, one more. A place that a function does not have says nothing.
    ///
    /// A call that leaves out a tier loads beside others: it follows no load, and nobody follows its own.
    /// Invalidations concern all tiers.
    pub fn skip_tier(self, place: usize) -> Self {
        let bit = u32::try_from(place).ok().and_then(|place| 1_u64.checked_shl(place)).unwrap_or_default();
        let skipped = Places { listed: self.skipped.listed | bit, ..self.skipped };
        Self { skipped, ..self }
    }

    /// Leaves out memory, as [`skip_tier`](Self::skip_tier) does, at whichever place it is.
    pub fn skip_memory(self) -> Self {
        Self { skipped: Places { memory: true, ..self.skipped }, ..self }
    }

    /// Whether calls take something else than any fresh value, from wherever it is.
    pub(crate) fn are_particular(&self) -> bool {
        !self.tags.is_empty() || self.skipped != Places::default()
    }

    /// The same, with the tags that have these names in the isolation in force.
    pub(crate) fn here(self: &Arc<Self>) -> Arc<Self> {
        match super::isolation().filter(|_| !self.tags.is_empty()) {
            Some(isolation) => {
                let tags = Tags::named(self.names.iter().map(|name| isolation.tag(name)));
                Arc::new(Self { tags, ..Self::clone(self) })
            }
            None => Arc::clone(self),
        }
    }

    /// Adds these options to what is given.
    pub(super) fn add_to(&self, given: &mut Given) {
        given.mode = self.max_age.map_or(given.mode, Mode::NoOlder);
        let options = match &given.options {
            None => self.clone(),
            Some(outer) => self.clone().over(outer),
        };
        given.options = Some(Arc::new(options));
    }

    /// These in place of others, but for the tags and tiers, which come together.
    fn over(self, outer: &Self) -> Self {
        Self {
            ttl: self.ttl.or(outer.ttl),
            max_age: self.max_age.or(outer.max_age),
            names: together(outer.names.clone(), self.names),
            tags: outer.tags.clone().and(self.tags),
            skipped: self.skipped.and(outer.skipped),
        }
    }
}

/// Each name once.
fn together(mut names: Vec<Arc<str>>, more: Vec<Arc<str>>) -> Vec<Arc<str>> {
    for name in more {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

impl Places {
    fn and(self, more: Self) -> Self {
        Self { memory: self.memory || more.memory, listed: self.listed | more.listed }
    }

    /// Whether this place of the list is one of them.
    pub(crate) fn has(self, place: usize) -> bool {
        u32::try_from(place).ok().and_then(|place| self.listed.checked_shr(place)).unwrap_or_default() & 1 == 1
    }
}

/// Gives options to the cached calls inside, and to those that they make. Inside another such scope they come in place
/// of its own, but for tags and tiers left out, which are added. Takes what [`bypass`](super::bypass) takes.
///
/// ```
/// use std::time::Duration;
/// use cacher_core::scope::{CallOptions, with};
/// # fn user(id: u64) -> u64 { id }
///
/// let options = CallOptions::new().ttl(Duration::from_secs(60)).tags(["user:7"]);
/// let value = with(&options, || user(7));
/// # assert_eq!(value, 7);
/// ```
pub fn with<M, S: Scoped<M>>(options: impl Borrow<CallOptions>, scoped: S) -> S::Output {
    scoped.within(Scope::with(options.borrow().clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_inner_options_come_first_and_tags_and_tiers_together() {
        let outer = CallOptions::new().ttl(SECOND).max_age(SECOND).tags(["a", "b"]).skip_tier(1);
        let inner = CallOptions::new().ttl(2 * SECOND).tags(["b", "c"]).skip_memory();
        let both = CallOptions::new().ttl(2 * SECOND).max_age(SECOND).tags(["a", "b", "c"]).skip_memory().skip_tier(1);
        assert_eq!(inner.over(&outer), both);
    }

    #[test]
    fn places_are_those_of_the_list() {
        let options = CallOptions::new().skip_tier(0).skip_tier(63).skip_tier(64).skip_tier(usize::MAX);
        let skipped: Vec<_> = (0..100).filter(|place| options.skipped.has(*place)).collect();
        assert_eq!(skipped, [0, 63]);
        assert!(options.are_particular() && !CallOptions::new().ttl(SECOND).are_particular());
    }
}
