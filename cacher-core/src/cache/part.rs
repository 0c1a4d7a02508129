//! The parts that callers have in loads: one leads, the others follow.

use super::{Cache, Landing, Leader};
use crate::{
    bridge::Shell,
    clock::Stopwatch,
    fence::Seat,
    flight::{Flight, Followed},
    key::parts::Key,
    memory::{held::Held, table::Table},
    observe::{self, Verdict},
    strategy::life::Terms,
    sync::Arc,
    time::Tick,
};

/// The part that a caller has in a load.
pub(super) enum Part<L, H> {
    Lead(L),
    Follow(Arc<Flight<H>>),
}

impl<L, H> Part<L, H> {
    pub(super) fn map_lead<M>(self, map: impl FnOnce(L) -> M) -> Part<M, H> {
        match self {
            Self::Lead(lead) => Part::Lead(map(lead)),
            Self::Follow(flight) => Part::Follow(flight),
        }
    }
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Cache<O, H, T> {
    /// Leads the load of a key, or follows the one that is in flight since nothing was invalidated or put there.
    pub(super) fn take_part(
        &self,
        key: &Key<O>,
        take_off: impl FnOnce() -> Arc<Flight<H>>,
    ) -> (Seat<O, Landing<H>>, Part<Arc<Flight<H>>, H>) {
        if !self.core.config.single_flight {
            let (seat, ()) = self.fence.enter(key, |_, _| ());
            return (seat, Part::Lead(take_off()));
        }
        let abandon = self.core.config.deadlines.abandon.map(|after| (self.clock.tick(), after));
        let goes_on = |flight: &Flight<H>| abandon.is_none_or(|(now, after)| !flight.is_abandoned(now, after));
        // A flight that has been overtaken comes back, to be dropped where no lock is held.
        let (seat, (part, earlier)) = self.fence.enter(key, |landing, beginning| match landing {
            Some((began, flight)) if beginning.may_share(*began) && goes_on(flight) => {
                (Part::Follow(Arc::clone(flight)), None)
            }
            _ => {
                let flight = take_off();
                let earlier = landing.replace((beginning.began, Arc::clone(&flight)));
                (Part::Lead(flight), earlier)
            }
        });
        drop(earlier);
        (seat, part)
    }

    pub(super) fn enter_anew(
        &self,
        key: &Key<O>,
        take_off: impl FnOnce() -> Arc<Flight<H>>,
    ) -> (Seat<O, Landing<H>>, Arc<Flight<H>>) {
        let (seat, (flight, earlier)) = self.fence.enter(key, |landing, beginning| {
            let flight = take_off();
            let earlier = landing.replace((beginning.began, Arc::clone(&flight)));
            (flight, earlier)
        });
        drop(earlier);
        (seat, flight)
    }

    /// Waits for another's load; for several in turn no longer than for one.
    pub(super) async fn follow(&self, shell: Shell, flight: &Flight<H>, deadline: &mut Option<Tick>) -> Followed<H> {
        let clock = &self.core.clock;
        let patience = self.core.patience;
        let deadline = || *deadline.get_or_insert_with(|| clock.tick().after(patience));
        let watch = Stopwatch::start(clock);
        let followed = flight.follow(shell, clock, (patience, self.core.config.deadlines), deadline).await;
        observe::wait_time(&self.core.name, watch.elapsed());
        followed
    }

    /// A load of its own, whatever is cached or under way. Others follow it if they find nothing.
    pub(super) fn reload(self: &Arc<Self>, shell: Shell, key: Key<O>, terms: Terms) -> Box<Leader<O, H, T>> {
        let (seat, flight) = self.enter_anew(&key, || Flight::new(shell));
        Leader::new(self, key, seat, Some(flight), terms).overwriting()
    }

    /// A load that follows no other, and that no other follows.
    pub(super) fn apart(self: &Arc<Self>, key: Key<O>, terms: Terms) -> Box<Leader<O, H, T>> {
        let (seat, ()) = self.fence.enter(&key, |_, _| ());
        Leader::new(self, key, seat, None, terms)
    }

    pub(super) fn load_alone(self: &Arc<Self>, key: Key<O>, terms: Terms) -> Box<Leader<O, H, T>> {
        self.core.counters.lone_loads.add(1);
        self.core.counters.misses.add(1);
        self.apart(key, terms).ending(Verdict::Lone)
    }
}
