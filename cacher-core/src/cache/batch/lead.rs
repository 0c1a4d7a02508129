//! Loads that one body is run for, and what comes of them.

use std::{fmt, pin::pin};

use hashbrown::HashTable;

use super::Known;
use crate::{
    bridge::Shell,
    cache::{
        Cache, Ended, Leader,
        load::{Load, Loads},
        permit::{Answer as Permission, Asking},
    },
    error::Error,
    flight::{Flight, Outcome, SharedError},
    memory::{held::Held, table::Table},
    observe::Span,
    strategy::LoadEnd,
    sync::Arc,
    time::Tick,
};

/// Loads that one body is to be run for, and which of the wanted keys they are of: none if it is another call's.
pub(crate) struct Lead<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> {
    pub(super) leader: Box<Leader<O, H, T>>,
    pub(super) wants: Vec<Option<usize>>,
}

/// Whether the body may run for the loads of a lead.
pub(crate) enum Ruling<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> {
    /// It may.
    Run(Lead<O, H, T>),
    /// There are values, by the place of the key.
    Found(Vec<(usize, H::Value)>),
    TurnedDown(Error),
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> fmt::Debug for Lead<O, H, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lead").field("leader", &self.leader).finish_non_exhaustive()
    }
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Lead<O, H, T> {
    /// What runs a body whose values are not stored.
    pub(crate) fn unstored(cache: &Arc<Cache<O, H, T>>) -> Self {
        let span = Span::of(&cache.core.name);
        Self { leader: Leader::unseated(cache, None).in_span(&span), wants: Vec::new() }
    }

    /// The wanted keys, by their places; none where another call's are loaded.
    pub(crate) fn wants(&self) -> &[Option<usize>] {
        &self.wants
    }

    pub(super) fn and_those(mut self, more: Vec<(Option<usize>, Load<O, H>)>) -> Self {
        let mut loads = std::mem::replace(&mut self.leader.loads, Loads::none()).into_vec();
        for (want, load) in more {
            self.wants.push(want);
            loads.push(load);
        }
        self.leader.loads = Loads::Many(loads);
        self
    }

    pub(super) fn if_any(mut self, asking: Option<Asking>) -> Option<Self> {
        if self.wants.is_empty() {
            self.leader.land(Outcome::Absent);
            return None;
        }
        self.leader.asking = asking;
        Some(self)
    }

    /// The same loads in several parts of these sizes.
    pub(crate) fn split(self, sizes: &[usize]) -> Vec<Self> {
        let Self { mut leader, wants } = self;
        let loads = std::mem::replace(&mut leader.loads, Loads::none()).into_vec();
        let (mut loads, mut wants) = (loads.into_iter(), wants.into_iter());
        leader.asking = leader.asking.map(Asking::of_several);
        let part = |size: &usize| Self {
            leader: leader.like(loads.by_ref().take(*size).collect()),
            wants: wants.by_ref().take(*size).collect(),
        };
        let parts = sizes.iter().map(part).collect();
        leader.land(Outcome::Absent);
        parts
    }

    /// The same loads, and those of another call.
    pub(crate) fn join(mut self, other: Self) -> Self {
        let Self { mut leader, wants } = other;
        let loads = std::mem::replace(&mut leader.loads, Loads::none()).into_vec();
        self.leader.crew.join(std::mem::take(&mut leader.crew));
        leader.land(Outcome::Absent);
        self.and_those(wants.into_iter().map(|_| None).zip(loads).collect())
    }

    /// Where each load's key stands among the distinct ones, in the order in which they come first; nothing if all are
    /// distinct.
    pub(crate) fn repeated(&self) -> Option<Vec<usize>> {
        let (loads, mut distinct) = (&self.leader.loads, HashTable::new());
        let mut places = Vec::with_capacity(loads.len());
        for (at, Load { key, .. }) in loads.iter().enumerate() {
            let found = distinct.find(key.hash, |(_, _, other): &(u64, usize, usize)| loads[*other].key == *key);
            let place = found.map_or(distinct.len(), |(_, place, _)| *place);
            if place == distinct.len() {
                distinct.insert_unique(key.hash, (key.hash, place, at), |(hash, ..)| *hash);
            }
            places.push(place);
        }
        (distinct.len() < places.len()).then_some(places)
    }

    /// Puts the loads in the order of these places.
    pub(crate) fn sort(&mut self, places: &[usize]) {
        let loads = std::mem::replace(&mut self.leader.loads, Loads::none()).into_vec();
        let wants = std::mem::take(&mut self.wants);
        let mut all: Vec<_> = places.iter().zip(wants.into_iter().zip(loads)).collect();
        all.sort_by_key(|(place, _)| **place);
        let (wants, loads) = all.into_iter().map(|(_, one)| one).unzip();
        (self.wants, self.leader.loads) = (wants, Loads::Many(loads));
    }

    /// Says that the body does not begin before then: followers do not lose patience meanwhile.
    pub(crate) fn hold(&self, until: Tick) {
        self.leader.hold(until);
    }

    /// Those who wait for these loads, by the places of their keys: for a call whose loads another one carries out.
    pub(crate) fn flights(&self) -> Vec<(usize, Arc<Flight<H>>)> {
        let all = self.wants.iter().zip(self.leader.loads.iter());
        all.filter_map(|(want, load)| Some(((*want)?, Arc::clone(load.flight.as_ref()?)))).collect()
    }

    /// Waits until the body may run for so many items.
    pub(crate) async fn permitted(mut self, items: usize, shell: Shell, tells: bool, called: Tick) -> Ruling<O, H, T> {
        let only = if let [load] = &self.leader.loads[..] { Some(load.key.hash) } else { None };
        self.leader.asking = self.leader.asking.map(|asking| asking.for_items(items, only));
        match self.leader.ask_permission(shell, tells, called).await {
            Permission::Go => Ruling::Run(self),
            Permission::TurnedDown(refusal) => {
                self.leader.land(Outcome::Failed(None));
                Ruling::TurnedDown(refusal)
            }
            Permission::Arrived(values) | Permission::Stale(values) => {
                let Self { leader, wants } = self;
                for (load, value) in leader.loads.iter().zip(&values) {
                    let tagged = leader.cache.core.has_tags();
                    load.land(if tagged { Outcome::Failed(None) } else { Outcome::Landed(H::hold(value.clone())) });
                }
                leader.land(Outcome::Absent);
                let found = wants.into_iter().zip(values).filter_map(|(want, value)| Some((want?, value)));
                Ruling::Found(found.collect())
            }
        }
    }

    /// Runs the body for so many items.
    pub(crate) async fn drive<F: Future>(&mut self, items: usize, body: F) -> Ended<F::Output> {
        self.leader.cache.core.counters.items.add(items as u64);
        self.leader.drive(pin!(body)).await
    }

    /// Ends the loads with their values, or with none where the body has none. Gives them by the places of the keys.
    pub(crate) async fn settle(self, shell: Shell, values: Vec<Option<H::Value>>) -> Vec<(usize, Known<H::Value>)> {
        let Self { leader, wants } = self;
        leader.settle_all(shell, &values.iter().map(Option::as_ref).collect::<Vec<_>>()).await;
        let known = wants.into_iter().zip(values).filter_map(|(want, value)| {
            let known = value.map_or(Known::Absent, Known::Value);
            Some((want?, known))
        });
        known.collect()
    }

    /// Ends the loads with the values that stand in for theirs, if there is one for each; else they come back.
    pub(crate) fn stand_in(self) -> Result<Vec<(usize, Known<H::Value>)>, Self> {
        let Self { leader, wants } = self;
        match leader.stand_in(LoadEnd::Failure) {
            Err(leader) => Err(Self { leader, wants }),
            Ok(values) => {
                let known =
                    wants.into_iter().zip(values).filter_map(|(want, value)| Some((want?, Known::Value(value))));
                Ok(known.collect())
            }
        }
    }

    /// The error of a body that takes too long.
    pub(crate) fn timed_out(&self) -> Error {
        self.leader.cache.timed_out()
    }

    /// Ends the loads without values.
    pub(crate) fn fail(self, share: impl FnOnce() -> Option<SharedError>) {
        let error = self.leader.within(share);
        self.leader.fail(error);
    }
}
