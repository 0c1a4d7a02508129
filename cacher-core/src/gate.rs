//! How many bodies of a function run at once.

use std::{future::poll_fn, pin::Pin, task::Poll};

use crate::{
    bridge::Shell,
    chain,
    clock::Clock,
    flight::Pilot,
    sync::{Arc, Event, Mutex, lock},
    time::Tick,
};

/// Where bodies go in, and wait while there is no room.
#[derive(Debug)]
pub(crate) struct Gate {
    most: usize,
    inside: Mutex<Vec<Arc<Pilot>>>,
    left: Event,
}

/// The place of a body that runs.
#[derive(Debug)]
pub(crate) struct Place {
    gate: Arc<Gate>,
    pilot: Arc<Pilot>,
}

impl Gate {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most: most.max(1), inside: Mutex::default(), left: Event::new() })
    }

    /// A place, if there is room.
    pub(crate) fn enter(self: &Arc<Self>, shell: Shell) -> Option<Place> {
        let mut inside = lock(&self.inside);
        (inside.len() < self.most).then(|| self.place(shell, &mut inside))
    }

    fn place(self: &Arc<Self>, shell: Shell, inside: &mut Vec<Arc<Pilot>>) -> Place {
        let pilot = Arc::new(Pilot::new(shell));
        inside.push(Arc::clone(&pilot));
        Place { gate: Arc::clone(self), pilot }
    }

    /// Waits for a place until a time.
    pub(crate) async fn wait(self: &Arc<Self>, shell: Shell, clock: &Clock, deadline: Tick) -> Option<Place> {
        loop {
            let mut left = self.left.listen();
            let all = {
                let mut inside = lock(&self.inside);
                if inside.len() < self.most {
                    return Some(self.place(shell, &mut inside));
                }
                inside.clone()
            };
            let waiting: Vec<_> = all.iter().filter_map(|pilot| chain::wait_for(pilot.id())).collect();
            // Each of them runs for this call, or waits for what this call is part of.
            if waiting.is_empty() {
                return Some(self.place(shell, &mut lock(&self.inside)));
            }
            if clock.tick() >= deadline {
                return None;
            }
            let mut timer = clock.sleep_until(deadline);
            poll_fn(|cx| {
                if Pin::new(&mut left).poll(cx).is_ready() {
                    return Poll::Ready(());
                }
                Pin::new(&mut timer).poll(cx)
            })
            .await;
        }
    }
}

impl Place {
    /// By whom the body that has it is known.
    pub(crate) fn pilot(&self) -> &Arc<Pilot> {
        &self.pilot
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.gate.inside).retain(|pilot| !Arc::ptr_eq(pilot, &self.pilot));
        self.gate.left.notify(1);
    }
}
