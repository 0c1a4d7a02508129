//! A load that goes on behind its caller, and what the caller gets meanwhile.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::Poll,
};

use super::{Cache, Leader};
use crate::{
    bridge::Shell,
    chain::{self, FlightId},
    error::Error,
    flight::Offer,
    memory::{held::Held, table::Table},
    strategy::life::Age,
    sync::Arc,
    time::Tick,
};

/// What the caller of a load that others run for it gets if it does not wait for its end.
pub(crate) struct Meanwhile<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> {
    cache: Arc<Cache<O, H, T>>,
    flight: Option<FlightId>,
    /// A value from a time on.
    old: Option<Offer<H>>,
    /// When it is told that the body takes too long.
    late: Option<Tick>,
}

/// What became of the wait for a load.
pub(crate) enum Waited<R, V> {
    /// It has ended.
    Returned(R),
    /// A value meanwhile.
    Old(V),
    /// The body takes too long.
    TimedOut(Error),
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Leader<O, H, T> {
    /// What the caller may have before the load ends; `None` if it waits in any case.
    pub(crate) fn meanwhile(&self, shell: Shell, tells: bool) -> Option<Meanwhile<O, H, T>> {
        let (core, now) = (&self.cache.core, self.cache.core.clock.tick());
        let deadlines = core.config.deadlines;
        let old = deadlines.until_old().zip(self.loads.first().and_then(|load| load.old.as_ref()));
        let old = old.map(|(wait, (old, age))| Offer {
            held: old.held.clone(),
            fresh_until: old.fresh_until,
            tagged: old.tagged.clone(),
            from: now.after(wait),
            until: core.config.life.stands_in_until(old.fresh_until, *age <= Age::Due),
        });
        // Async bodies are told themselves.
        let late = deadlines.hard.filter(|_| shell == Shell::Sync && tells).map(|time| now.after(time));
        if old.is_none() && late.is_none() {
            return None;
        }
        Some(Meanwhile { cache: Arc::clone(&self.cache), flight: self.flight_id(), old, late })
    }
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Meanwhile<O, H, T> {
    /// Waits for the end of the load, but no longer than need be.
    pub(crate) async fn wait<R>(self, load: impl Future<Output = R>) -> Waited<R, H::Value> {
        // If the load waits for what this call is part of, one of both has to go on alone: the load, by its own count.
        let _waiting = self.flight.and_then(chain::wait_for);
        let clock = &self.cache.core.clock;
        let mut load = pin!(load);
        loop {
            let now = clock.tick();
            if let Some(offer) =
                self.old.as_ref().filter(|offer| offer.from <= now && now < offer.until && offer.tagged.is_current())
                && let Some(value) = self.cache.outward(offer.held.clone().value())
            {
                self.cache.count_old(offer.fresh_until, Age::Due);
                return Waited::Old(value);
            }
            if self.late.is_some_and(|late| now >= late) {
                return Waited::TimedOut(self.cache.timed_out());
            }
            let from = self.old.as_ref().map(|offer| offer.from).filter(|from| now < *from);
            let next = from.into_iter().chain(self.late).min().unwrap_or(Tick::NEVER);
            let mut timer = clock.sleep_until(next);
            let ended = poll_fn(|cx| {
                if let Poll::Ready(returned) = load.as_mut().poll(cx) {
                    return Poll::Ready(Some(returned));
                }
                Pin::new(&mut timer).poll(cx).map(|()| None)
            });
            if let Some(returned) = ended.await {
                return Waited::Returned(returned);
            }
        }
    }
}
