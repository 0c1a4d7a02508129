//! Loads of keys, whoever runs the body.

use std::ops::{Deref, DerefMut};

use super::{Cache, Landing, memory::Old, shipment::Guards, stores::StoredKey};
use crate::{
    core::tokens::TokensOfTiers,
    fence::Seat,
    flight::{Flight, Offer, Outcome},
    key::parts::Key,
    memory::{held::Held, table::Table},
    strategy::life::{Age, Terms},
    sync::Arc,
    tags::{self, Tagged},
    time::{Stamp, Tick},
};

/// The loads of one body: mostly a single one, which needs no list.
#[expect(clippy::large_enum_variant, reason = "the large one is the common one")]
pub(super) enum Loads<O, H> {
    One(Load<O, H>),
    Many(Vec<Load<O, H>>),
}

/// A load whose value is to be stored.
pub(super) struct Load<O, H> {
    pub(super) key: Key<O>,
    pub(super) seat: Seat<O, Landing<H>>,
    /// Whom others follow; `None` if nobody can.
    pub(super) flight: Option<Arc<Flight<H>>>,
    pub(super) terms: Terms,
    /// Whether the value takes the place of what is stored already.
    pub(super) overwrites: bool,
    pub(super) began: Stamp,
    /// What the count of invalidated tags was when it began.
    pub(super) since: u64,
    /// What its tags were worth in the stores then, if it has some.
    pub(super) tokens: Option<TokensOfTiers>,
    /// A value that is not simply fresh: due, if it answers calls, or past its time.
    pub(super) old: Option<(Old<H>, Age)>,
    pub(super) guards: Guards,
}

impl<O, H> Loads<O, H> {
    pub(super) fn none() -> Self {
        Self::Many(Vec::new())
    }

    pub(super) fn into_vec(self) -> Vec<Load<O, H>> {
        match self {
            Self::One(load) => vec![load],
            Self::Many(loads) => loads,
        }
    }
}

impl<O, H> Deref for Loads<O, H> {
    type Target = [Load<O, H>];

    fn deref(&self) -> &Self::Target {
        match self {
            Self::One(load) => std::slice::from_ref(load),
            Self::Many(loads) => loads,
        }
    }
}

impl<O, H> DerefMut for Loads<O, H> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        match self {
            Self::One(load) => std::slice::from_mut(load),
            Self::Many(loads) => loads,
        }
    }
}

impl<O: Eq + Clone + 'static, H: Held> Load<O, H> {
    pub(super) fn new<T: Table<O, H>>(
        cache: &Cache<O, H, T>,
        key: Key<O>,
        seat: Seat<O, Landing<H>>,
        flight: Option<Arc<Flight<H>>>,
        terms: Terms,
    ) -> Self {
        // Only entries of stores carry it.
        let began = if cache.core.has_stores() { cache.core.load_stamp() } else { Stamp(0) };
        let since = tags::now();
        // A value without the tags that are asked for may stand there, and be handed on by who has read it.
        let overwrites = terms.ask_for_tags();
        Self { key, seat, flight, terms, overwrites, began, since, tokens: None, old: None, guards: Guards::default() }
    }

    /// The value that answers calls while it is loaded anew.
    pub(super) fn due(&self) -> Option<&Old<H>> {
        let (old, age) = self.old.as_ref()?;
        (*age <= Age::Due && old.tagged.is_current()).then_some(old)
    }

    /// Whether there is a value within its TTL.
    pub(super) fn is_live(&self, now: Tick) -> bool {
        self.old.as_ref().is_some_and(|(old, _)| now < old.fresh_until && old.tagged.is_current())
    }

    /// Notes a value that is not simply fresh, unless one is known that is better.
    pub(super) fn note_old(&mut self, old: Option<(Old<H>, Age)>) {
        if let Some((old, age)) = old
            && self.old.as_ref().is_none_or(|(_, known)| age < *known)
        {
            self.old = Some((old, age));
        }
    }

    /// Lets followers have a value from a time on, if it is of use by then.
    pub(super) fn offer(&self, old: &Old<H>, from: Tick, until: Tick) {
        if let Some(flight) = &self.flight {
            let tagged = old.tagged.clone();
            flight.offer(Offer { held: old.held.clone(), fresh_until: old.fresh_until, from, until, tagged });
        }
    }

    /// Says until when the value is fresh that was found, for those who follow.
    pub(super) fn found_until(&self, until: Tick) {
        if let Some(flight) = self.flight.as_ref().filter(|_| until != Tick::NEVER) {
            flight.lasts_until(until);
        }
    }

    /// Hears from now on of what others do to the entry.
    pub(super) fn hear<T: Table<O, H>>(&mut self, cache: &Cache<O, H, T>, stored: &StoredKey) {
        if self.guards.hearing.is_none() {
            self.guards.hearing = cache.hearing(stored);
        }
    }

    /// Ends it with a value that has tags: who comes when one of them was invalidated does not get it.
    pub(super) fn land_tagged(&self, held: H, tagged: Tagged) {
        if let Some(flight) = self.flight.as_ref().filter(|_| !tagged.is_none()) {
            flight.tag(tagged);
        }
        self.land(Outcome::Landed(held));
    }

    /// Ends it for its followers. Whoever comes from now on leads anew, or finds the value.
    pub(super) fn land(&self, outcome: Outcome<H>) {
        let Some(flight) = &self.flight else { return };
        let landed = self.seat.change(|landing| match landing {
            Some((_, current)) if Arc::ptr_eq(current, flight) => landing.take(),
            _ => None,
        });
        drop(landed);
        flight.land(outcome);
    }
}
