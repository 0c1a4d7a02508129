//! The right to write at a key, and what it is used for.

use std::{future::poll_fn, pin::Pin, task::Poll};

use super::{
    Began, Fence, Token,
    cell::{Admission, Admitted, Cell, Overtaken, State, Write},
};
#[cfg(cacher_shuttle)]
use crate::sync::flaw::{self, Flaw};
use crate::sync::{Arc, lock};

/// The right to write at a key, as long as nothing invalidates it.
#[derive(Debug)]
pub(crate) struct Seat<O, F> {
    pub(super) fence: Arc<Fence<O, F>>,
    pub(super) cell: Arc<Cell<F>>,
    pub(super) hash: u64,
    pub(super) began: Began,
    /// What must still be the last that wrote.
    pub(super) after: Option<u64>,
}

impl<O, F> Drop for Seat<O, F> {
    fn drop(&mut self) {
        self.fence.leave(self.hash, &self.cell);
    }
}

impl<O, F> Seat<O, F> {
    pub(crate) fn token(&self) -> Token {
        self.began.token
    }

    /// Changes what is kept at the key.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut F) -> T) -> T {
        change(&mut lock(&self.cell.state).extra)
    }

    /// For a change to what stands there now: it is written only if nothing else was before it.
    pub(crate) fn tentative(mut self) -> Self {
        let mut state = lock(&self.cell.state);
        state.catch_up();
        self.after = Some(state.wrote);
        drop(state);
        self
    }

    /// For a new value that is made of what stands there: waits for the writes that are going on. It is written only
    /// if nothing else was since.
    pub(crate) async fn watching(mut self) -> Self {
        while !self.watch() {
            self.settled().await;
        }
        self
    }

    fn watch(&mut self) -> bool {
        let mut state = lock(&self.cell.state);
        let ongoing = state.catch_up();
        let quiet = !state.is_unsettled() && ongoing.is_none() && !self.fence.generation.is_closed();
        if quiet {
            self.after = Some(state.wrote);
        }
        quiet
    }

    /// Whether nothing has invalidated what the seat is for.
    fn is_current(&self, state: &State<F>) -> bool {
        state.closed == 0 && !self.fence.generation.is_closed() && self.began.token == self.fence.token(state)
    }

    fn may_write(&self, state: &State<F>, ongoing: Option<&Arc<Write>>) -> bool {
        let is_latest = self.after.map_or(state.wrote <= self.began.number, |after| after == state.wrote);
        is_latest && !state.is_overwritten(ongoing) && self.is_current(state)
    }

    fn may_overwrite(&self, state: &State<F>) -> bool {
        let number = self.began.number;
        // What it has begun to put there itself is no change that came between.
        let unchanged = self.after.is_none_or(|after| after == state.wrote || state.overwrote == number);
        unchanged && state.overwrote <= number && self.is_current(state)
    }

    fn note_write(&self, state: &mut State<F>) {
        if self.after.is_none() {
            state.wrote = self.began.number;
        }
    }

    /// Asks for its turn to write to the stores.
    pub(crate) fn try_admit(&self) -> Admission {
        let mut state = lock(&self.cell.state);
        let ongoing = state.catch_up();
        #[cfg(cacher_shuttle)]
        if flaw::has(Flaw::UncheckedAdmission) {
            return state.write(false, ongoing);
        }
        if !self.may_write(&state, ongoing.as_ref()) {
            return Admission::Outdated;
        }
        let admission = state.write(false, ongoing);
        if let Admission::Now(_) = admission {
            self.note_write(&mut state);
        }
        admission
    }

    /// Waits for its turn to write to the stores; `None` if the value is out of date.
    pub(crate) async fn admit(&self) -> Option<Admitted> {
        loop {
            match self.try_admit() {
                Admission::Now(admitted) => return Some(admitted),
                Admission::Busy(other) => other.end().await,
                Admission::Outdated => return None,
            }
        }
    }

    /// Runs `insert` while nothing can invalidate the value; `None` if something already has. `insert` must neither
    /// wait nor run code of the user, nor drop anything of the user's, itself included.
    pub(crate) fn publish<T>(&self, insert: impl FnOnce() -> T) -> Option<T> {
        let mut state = lock(&self.cell.state);
        #[cfg(cacher_shuttle)]
        if flaw::has(Flaw::UncheckedPublish) {
            return Some(insert());
        }
        let ongoing = state.catch_up();
        if self.may_write(&state, ongoing.as_ref()) {
            self.note_write(&mut state);
            return Some(insert());
        }
        // What `insert` holds is dropped after the lock.
        drop(state);
        None
    }

    /// Begins to put a newer value there; `None` if something has invalidated that value, or a still newer one came.
    pub(crate) fn overwrite(&self) -> Option<Overwriting<'_, O, F>> {
        let mut state = lock(&self.cell.state);
        let may = self.may_overwrite(&state);
        state.overwriting += usize::from(may);
        drop(state);
        may.then(|| Overwriting { seat: self })
    }

    /// Waits while others remove or replace what stands there. What could not be written because of them is older
    /// than what they leave, but newer than what they still have to take away.
    pub(crate) async fn settled(&self) {
        loop {
            let mut here = self.cell.settled.listen();
            let mut everywhere = self.fence.generation.opened.listen();
            if !lock(&self.cell.state).is_unsettled() && !self.fence.generation.is_closed() {
                return self.cell.quiet().await;
            }
            poll_fn(|cx| {
                let moved = Pin::new(&mut here).poll(cx).is_ready() || Pin::new(&mut everywhere).poll(cx).is_ready();
                if moved { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        }
    }
}

impl<O, F: Default> Seat<O, F> {
    /// Begins an invalidation: moves the epoch on, and closes the key until [`Closed::finish`].
    pub(crate) fn close(&self) -> Closed<'_, O, F> {
        let forgotten = lock(&self.cell.state).close();
        drop(forgotten);
        Closed { seat: self }
    }
}

/// A key at which nothing else is written. Dropping it opens the key again, with the epoch moved on.
#[derive(Debug)]
pub(crate) struct Closed<'a, O, F: Default> {
    seat: &'a Seat<O, F>,
}

impl<O, F: Default> Closed<'_, O, F> {
    /// Waits for the write that was admitted before.
    pub(crate) async fn quiet(&self) {
        #[cfg(cacher_shuttle)]
        if flaw::has(Flaw::NoDrain) {
            return;
        }
        self.seat.cell.quiet().await;
    }

    /// Gives up waiting for it: it will undo what it did.
    pub(crate) fn overtake(&self) -> Option<Overtaken> {
        lock(&self.seat.cell.state).overtake()
    }

    /// Moves the epoch on again, and removes the entry from memory in the same critical section. `remove` must neither
    /// wait nor run code of the user.
    pub(crate) fn finish<T>(self, remove: impl FnOnce() -> T) -> T {
        let mut state = lock(&self.seat.cell.state);
        move_on(&mut state);
        remove()
    }
}

/// Moves the epoch on, past what read a store before it was emptied.
fn move_on<F>(state: &mut State<F>) {
    #[cfg(cacher_shuttle)]
    if flaw::has(Flaw::NoSecondMove) {
        return;
    }
    state.epoch += 1;
}

impl<O, F: Default> Drop for Closed<'_, O, F> {
    fn drop(&mut self) {
        let forgotten = {
            let mut state = lock(&self.seat.cell.state);
            move_on(&mut state);
            state.closed -= 1;
            std::mem::take(&mut state.extra)
        };
        self.seat.cell.settled.notify(usize::MAX);
        drop(forgotten);
    }
}

/// A newer value on its way. Nothing else is written at its key until this is dropped.
#[derive(Debug)]
pub(crate) struct Overwriting<'a, O, F> {
    seat: &'a Seat<O, F>,
}

impl<O, F> Overwriting<'_, O, F> {
    /// Asks for its turn to write to the stores.
    pub(crate) fn try_admit(&self) -> Admission {
        let mut state = lock(&self.seat.cell.state);
        let ongoing = state.catch_up();
        if !self.seat.may_overwrite(&state) {
            return Admission::Outdated;
        }
        let admission = state.write(true, ongoing);
        if let Admission::Now(_) = admission {
            state.overwrote = self.seat.began.number;
        }
        admission
    }

    /// Waits for its turn to write to the stores; `None` as for [`Seat::overwrite`].
    pub(crate) async fn admit(&self) -> Option<Admitted> {
        loop {
            match self.try_admit() {
                Admission::Now(admitted) => return Some(admitted),
                Admission::Busy(other) => other.end().await,
                Admission::Outdated => return None,
            }
        }
    }

    /// Runs `insert` while nothing can invalidate the value; `None` as for [`Seat::overwrite`]. The same goes for
    /// `insert` as with [`Seat::publish`].
    pub(crate) fn publish<T>(self, insert: impl FnOnce() -> T) -> Option<T> {
        let mut state = lock(&self.seat.cell.state);
        if self.seat.may_overwrite(&state) {
            state.overwrote = self.seat.began.number;
            state.pass_over();
            return Some(insert());
        }
        drop(state);
        None
    }
}

impl<O, F> Drop for Overwriting<'_, O, F> {
    fn drop(&mut self) {
        let mut state = lock(&self.seat.cell.state);
        state.overwriting -= 1;
        state.pass_over();
        drop(state);
        self.seat.cell.settled.notify(usize::MAX);
    }
}
