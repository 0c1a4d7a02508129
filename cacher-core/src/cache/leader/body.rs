//! Runs the body.

use std::{
    any::Any,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
};

use super::Leader;
use crate::{
    bridge::caught,
    cache::load::{Load, Loads},
    clock::Stopwatch,
    core::within,
    flight::Deadlines,
    memory::{held::Held, table::Table},
    previous::{self, Showing},
    strategy::life::Age,
    sync::Arc,
};
/// How a body ended.
pub enum Ended<R> {
    /// It returned.
    Returned(R),
    /// It panicked, where something may stand in for what it would have returned.
    Panicked(Box<dyn Any + Send>),
    /// It took longer than it may.
    TimedOut,
}

impl<R> fmt::Debug for Ended<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Returned(_) => "Returned",
            Self::Panicked(_) => "Panicked",
            Self::TimedOut => "TimedOut",
        })
    }
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Leader<O, H, T> {
    fn start(&mut self) {
        self.hear_at_last();
        let core = &self.cache.core;
        self.watch = Some(Stopwatch::start(&core.clock));
        core.counters.loads.add(1);
        let deadlines = core.config.deadlines;
        if deadlines.until_old().is_some() || deadlines.abandon.is_some() {
            self.start_the_clock(deadlines);
        }
    }

    /// Lets followers know how long the body takes, and what they may have instead of its value.
    fn start_the_clock(&self, deadlines: Deadlines) {
        let now = self.cache.core.clock.tick();
        match self.pilot() {
            Some(pilot) => pilot.begin(now),
            None => self.crew.begin(now),
        }
        for load in self.loads.iter() {
            match (&load.old, deadlines.until_old()) {
                (Some((old, age)), Some(wait)) if load.due().is_none() => {
                    let until = self.cache.core.config.life.stands_in_until(old.fresh_until, *age <= Age::Due);
                    load.offer(old, now.after(wait), until);
                }
                _ => load.flight.iter().for_each(|flight| flight.stir()),
            }
        }
    }

    /// Hears from now on of what others do to the entries, where it looks into no store first.
    fn hear_at_last(&mut self) {
        if !self.cache.core.hears_of_others() {
            return;
        }
        let deaf = |load: &Load<O, H>| load.guards.hearing.is_none().then(|| self.cache.stored_key(&load.key));
        let stored: Vec<_> = self.within(|| self.loads.iter().map(|load| deaf(load).flatten()).collect());
        for (load, stored) in self.loads.iter_mut().zip(&stored) {
            if let Some(stored) = stored {
                load.hear(&self.cache, stored);
            }
        }
    }

    /// What the body may find to be still good.
    fn showing(&self) -> Option<Arc<Showing>> {
        let (shown, Loads::One(load)) = (self.cache.shown?, &self.loads) else { return None };
        let (old, _) = load.old.as_ref().filter(|(old, _)| old.tagged.is_current())?;
        let value = self.within(|| self.cache.outward(old.held.clone().value()))?;
        Some(Showing::new(shown(value), self.cache.core.clock.stamp().since(old.created)))
    }

    /// Runs a sync body. A panic goes on, unless there is a value that stands in for what the body would have returned.
    pub fn run<R>(&mut self, body: impl FnOnce() -> R) -> Ended<R> {
        self.start();
        let showing = self.showing();
        let body = || previous::within(showing.as_ref(), body);
        let ended = if self.has_old() {
            self.within(|| self.span.run(|| catch_unwind(AssertUnwindSafe(body))))
                .map_or_else(Ended::Panicked, Ended::Returned)
        } else {
            Ended::Returned(self.within(|| self.span.run(body)))
        };
        self.body_ended(showing);
        ended
    }

    /// Runs an async body, no longer than it may take.
    pub async fn drive<F: Future>(&mut self, body: Pin<&mut F>) -> Ended<F::Output> {
        self.start();
        let showing = self.showing();
        let ended = {
            let body = pin!(previous::drive(showing.as_ref(), body));
            let body = async {
                if self.has_old() {
                    caught(body).await.map_or_else(Ended::Panicked, Ended::Returned)
                } else {
                    Ended::Returned(body.await)
                }
            };
            let body = async {
                match self.cache.core.config.deadlines.hard {
                    Some(time) => within(&self.cache.core.clock, time, pin!(body)).await.unwrap_or(Ended::TimedOut),
                    None => body.await,
                }
            };
            let body = pin!(body);
            self.as_part(pin!(self.span.drive(body))).await
        };
        self.body_ended(showing);
        ended
    }

    fn body_ended(&mut self, showing: Option<Arc<Showing>>) {
        if showing.is_some_and(|showing| showing.is_confirmed()) {
            self.cache.core.counters.renewals.add(1);
        }
        self.took = Some(self.load_time());
        self.place = None;
    }
}
