//! Who carries the queue to the store: a worker thread when it is time, or whoever must wait for it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, SystemTime},
};

use super::{
    super::Report,
    Background, Lost, WhenFull,
    lost::dropped_write,
    queue::{Change, Queue},
};
use crate::{
    backend::{Backend, Key, Put},
    bridge,
    clock::Clock,
    error::{Error, Kind, Result},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak, lock},
    work::on_worker_at,
};

pub(super) struct Writer {
    me: Weak<Self>,
    pub(super) inner: Arc<dyn Backend>,
    pub(super) options: Background,
    pub(super) clock: Clock,
    pub(super) report: Report,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
pub(super) struct State {
    pub(super) queue: Queue,
    /// Whether somebody carries a batch: one at a time does, so that batches keep their order.
    at_work: bool,
    /// Whether an alarm is set to write all.
    alarm: bool,
    /// Whether a worker was called to write full batches.
    called: bool,
    closed: bool,
    lost: Option<Lost>,
}

/// What became of a batch.
struct Carried {
    /// Entries that the store refused.
    lost: Vec<(Key, Error)>,
    /// Keys that the store would not remove.
    stays: Vec<Key>,
}

/// Removals that the store refused are tried again after this long, if the interval is not longer.
const RETRY: Duration = Duration::from_secs(1);

impl Writer {
    pub(super) fn new(inner: Arc<dyn Backend>, options: Background, clock: Clock, report: Report) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            inner,
            options,
            clock,
            report,
            state: Mutex::default(),
            changed: Condvar::new(),
        })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Waits until somebody has changed the state.
    pub(super) fn wait<'a>(&'a self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an entry: lets it wait if there is room.
    pub(super) fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<()> {
        let mut dropped = Vec::new();
        let room = self.make_room(key, &mut dropped);
        let outcome = match room {
            Some(mut state) => {
                state.queue.add(key.clone(), Change::Put(entry.into(), expires));
                self.see_to_it(state);
                Ok(())
            }
            None => self.put_now(key, entry, expires),
        };
        for key in &dropped {
            self.lose(key, dropped_write());
        }
        outcome
    }

    /// Room for one more entry; none if it is to be written at once.
    fn make_room(&self, key: &Key, dropped: &mut Vec<Key>) -> Option<MutexGuard<'_, State>> {
        let Background { capacity, when_full, .. } = self.options;
        let mut state = self.state();
        loop {
            let queue = &mut state.queue;
            let has_room = queue.puts() < capacity && queue.len() < capacity.saturating_mul(2);
            if state.closed {
                return None;
            }
            if has_room || state.queue.waits_with_entry(key) {
                return Some(state);
            }
            // Removals alone fill it up, where the store refuses them: then there is no use in waiting.
            let puts = state.queue.puts();
            match when_full {
                WhenFull::DropOldest if puts >= capacity => dropped.extend(state.queue.drop_oldest()),
                WhenFull::Block if puts >= capacity => state = self.step(state),
                _ => return None,
            }
        }
    }

    /// Writes an entry at once, after what is under way for its key.
    fn put_now(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<()> {
        let (_, outcome) = self.change(key, Change::Put(entry.into(), expires), |inner| inner.put(key, entry, expires));
        outcome
    }

    /// Makes a change at once, in place of what waits for its key and after what is under way. Says whether an entry
    /// waited.
    pub(super) fn change<T>(
        &self,
        key: &Key,
        change: Change,
        make: impl FnOnce(&dyn Backend) -> Result<T>,
    ) -> (bool, Result<T>) {
        let mut state = self.state();
        while state.queue.is_started(key) {
            state = self.wait(state);
        }
        let waited = state.queue.start(key, change);
        drop(state);
        let outcome = self.attempt(make);
        let failed = outcome.is_err();
        let mut state = self.state();
        state.queue.finish(key);
        if failed && !state.queue.waits(key) && state.queue.len() < self.options.capacity.saturating_mul(2) {
            // What the store has of it is older than what was to be done.
            state.queue.add(key.clone(), Change::Remove);
        }
        self.changed.notify_all();
        drop(state);
        if failed {
            self.try_again();
        }
        (waited, outcome)
    }

    /// What the store answers; its panic is an error, for others wait for the end of what is under way.
    pub(super) fn attempt<T>(&self, act: impl FnOnce(&dyn Backend) -> Result<T>) -> Result<T> {
        catch_unwind(AssertUnwindSafe(|| act(&*self.inner)))
            .unwrap_or_else(|_| Err(Error::new(Kind::Unavailable, "the store panicked")))
    }

    pub(super) fn finish(&self, keys: &[Key]) {
        let mut state = self.state();
        for key in keys {
            state.queue.finish(key);
        }
        self.changed.notify_all();
    }

    /// Sees to it that what waits is written in time.
    fn see_to_it(&self, mut state: MutexGuard<'_, State>) {
        let full = state.queue.len() >= self.options.batch;
        let call = full && !state.called;
        state.called |= full;
        let alarm = !std::mem::replace(&mut state.alarm, true);
        drop(state);
        if call {
            let writer = Weak::clone(&self.me);
            bridge::spawn(move || {
                if let Some(writer) = writer.upgrade() {
                    writer.write_batches();
                }
            });
        }
        if alarm {
            self.write_all_after(self.options.interval);
        }
    }

    fn write_all_after(&self, wait: Duration) {
        let writer = Weak::clone(&self.me);
        on_worker_at(&self.clock, self.clock.tick().after(wait), move || {
            if let Some(writer) = writer.upgrade() {
                writer.state().alarm = false;
                writer.settle();
            }
        });
    }

    /// Tries again later what the store refused to remove.
    fn try_again(&self) {
        if !std::mem::replace(&mut self.state().alarm, true) {
            self.write_all_after(self.options.interval.max(RETRY));
        }
    }

    /// Writes as long as there are full batches.
    fn write_batches(&self) {
        let mut state = self.state();
        state.called = false;
        while state.queue.len() >= self.options.batch && !state.at_work {
            state = self.step(state);
        }
    }

    /// Writes all that waits now, and waits for what is under way.
    pub(super) fn settle(&self) {
        let mut state = self.state();
        let turn = state.queue.turn();
        while !state.queue.is_made(turn) {
            state = self.step(state);
        }
    }

    /// Writes until nothing waits for this key, or has waited longer.
    pub(super) fn settle_key(&self, key: &Key) {
        let mut state = self.state();
        let turn = state.queue.turn();
        while state.queue.is_started(key) || state.queue.waits(key) && !state.queue.is_made(turn) {
            state = self.step(state);
        }
    }

    /// Carries a batch to the store, or waits for who does.
    fn step<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let batch = if state.at_work { Vec::new() } else { state.queue.start_first(self.options.batch) };
        if batch.is_empty() {
            return self.wait(state);
        }
        state.at_work = true;
        drop(state);
        let carried = self.carry(&batch);
        self.put_down(&batch, &carried.stays);
        // Reported when others may write again.
        carried.lost.into_iter().for_each(|(key, error)| self.lose(&key, error));
        if !carried.stays.is_empty() {
            self.try_again();
        }
        self.state()
    }

    /// Ends the work on a batch. What could not be removed waits to be tried again.
    fn put_down(&self, batch: &[(Key, Change)], stays: &[Key]) {
        let mut state = self.state();
        for (key, _) in batch {
            state.queue.finish(key);
        }
        for key in stays {
            if !state.queue.waits(key) {
                state.queue.add(key.clone(), Change::Remove);
            }
        }
        state.at_work = false;
        self.changed.notify_all();
    }

    /// Makes the changes of a batch. An entry that the store refuses must not stand there in an older form.
    fn carry(&self, batch: &[(Key, Change)]) -> Carried {
        let lost = self.carry_puts(batch);
        let removals = batch.iter().filter(|(_, change)| matches!(change, Change::Remove)).map(|(key, _)| key);
        let gone = removals.chain(lost.iter().map(|(key, _)| key));
        let stays = gone.filter(|key| self.attempt(|inner| inner.remove(key)).is_err()).cloned().collect();
        Carried { lost, stays }
    }

    /// Puts the entries of a batch, each on its own if the store does not take all; returns those it refuses.
    fn carry_puts(&self, batch: &[(Key, Change)]) -> Vec<(Key, Error)> {
        let puts = batch.iter().filter_map(|(key, change)| match change {
            Change::Put(entry, expires) => Some(Put { key: key.clone(), entry: entry.to_vec(), expires: *expires }),
            Change::Remove => None,
        });
        let puts: Vec<_> = puts.collect();
        if puts.is_empty() || self.attempt(|inner| inner.put_many(&puts)).is_ok() {
            return Vec::new();
        }
        let refused = puts.into_iter().filter_map(|Put { key, entry, expires }| {
            let error = self.attempt(|inner| inner.put(&key, &entry, expires)).err()?;
            Some((key, error))
        });
        refused.collect()
    }

    /// Notes and reports the loss of an entry.
    fn lose(&self, key: &Key, error: Error) {
        let lost = Lost { entries: 1, error: error.clone() };
        let mut state = self.state();
        state.lost = Some(match state.lost.take() {
            Some(earlier) => earlier.and(&lost),
            None => lost,
        });
        drop(state);
        (self.report)(key, error.within(self.inner.describe()));
    }

    /// Writes all that waits now, and says what was lost since this was last asked.
    pub(super) fn flush(&self) -> std::result::Result<(), Lost> {
        self.settle();
        self.state().lost.take().map_or(Ok(()), Err)
    }

    /// From now on nothing waits.
    pub(super) fn close(&self) -> std::result::Result<(), Lost> {
        self.state().closed = true;
        self.flush()
    }
}

impl Drop for Writer {
    /// What waits is written when nobody can wait for it any more.
    fn drop(&mut self) {
        self.settle();
    }
}
