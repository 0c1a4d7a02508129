//! Loads of keys, whoever runs the body.

use std::ops::{Deref, DerefMut};

use super::{Cache, Landing, shipment::Guards, stores::StoredKey};
use crate::{
    fence::Seat,
    flight::{Flight, Outcome},
    key::parts::Key,
    memory::{held::Held, table::Table},
    strategy::life::Terms,
    sync::Arc,
    time::Stamp,
};

/// The loads of one body: mostly a single one, which needs no list.
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
    /// A value of a store that is past its time.
    pub(super) stale: Option<H>,
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
        Self { key, seat, flight, terms, overwrites: false, began, stale: None, guards: Guards::default() }
    }

    /// Hears from now on of what others do to the entry.
    pub(super) fn hear<T: Table<O, H>>(&mut self, cache: &Cache<O, H, T>, stored: &StoredKey) {
        if self.guards.hearing.is_none() {
            self.guards.hearing = cache.hearing(stored);
        }
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
