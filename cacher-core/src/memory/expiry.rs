//! Which entries expire when: so that what nobody asks for is removed too.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    sync::{Mutex, lock},
    time::Tick,
};

/// Entries by the quarter of a second after which they have expired, as hashes of their keys.
///
/// A note costs 8 bytes and no copy of the key. It may be out of date: who follows it looks at the entry.
#[derive(Debug, Default)]
pub(crate) struct Expiries(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    buckets: BTreeMap<u64, Vec<u64>>,
    notes: usize,
    /// At how many notes to compare them with the entries that are there, which costs more than a note.
    compare_at: usize,
    /// The buckets that alarms are set for.
    alarms: BTreeSet<u64>,
}

/// 2^30 units of 2^-32 s.
const BUCKET: u32 = 30;

/// This many notes more than seem right do no harm.
const SPARE: usize = 1024;

/// What is to be done about a note.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Noted {
    /// When to call [`due`](Expiries::due), if no alarm is set as early.
    pub(crate) alarm: Option<Tick>,
    /// Whether to call [`prune`](Expiries::prune).
    pub(crate) many: bool,
}

impl Expiries {
    /// Notes an entry.
    pub(crate) fn note(&self, deadline: Tick, hash: u64) -> Noted {
        if deadline == Tick::NEVER {
            return Noted::default();
        }
        let mut state = lock(&self.0);
        let bucket = state.note(deadline, hash);
        let many = state.notes > state.compare_at + SPARE;
        Noted { alarm: state.set_alarm(bucket), many }
    }

    /// Notes an entry that [`due`](Self::due) named too early; [`next`](Self::next) tells of it.
    pub(crate) fn note_again(&self, deadline: Tick, hash: u64) {
        if deadline != Tick::NEVER {
            lock(&self.0).note(deadline, hash);
        }
    }

    /// Takes the notes of what has expired by now. The alarms that led here are spent.
    pub(crate) fn due(&self, now: Tick) -> Vec<u64> {
        let next = (now.0 >> BUCKET) + 1;
        let mut state = lock(&self.0);
        state.alarms = state.alarms.split_off(&next);
        let later = state.buckets.split_off(&next);
        let due = std::mem::replace(&mut state.buckets, later);
        state.notes -= due.values().map(Vec::len).sum::<usize>();
        state.compare_at = state.compare_at.min(state.notes);
        // Of an entry that was replaced there are several notes, which would all be kept for the one that lives.
        let mut due: Vec<_> = due.into_values().flatten().collect();
        due.sort_unstable();
        due.dedup();
        due
    }

    /// Forgets the notes of what is not there any more, if they are many beside the entries that are.
    pub(crate) fn prune(&self, entries: u64, is_there: impl Fn(u64) -> bool) {
        let mut state = lock(&self.0);
        state.compare_at = state.notes;
        if state.notes as u64 <= 4 * entries + SPARE as u64 {
            return;
        }
        for hashes in state.buckets.values_mut() {
            hashes.sort_unstable();
            hashes.dedup();
            hashes.retain(|hash| is_there(*hash));
        }
        state.buckets.retain(|_, hashes| !hashes.is_empty());
        state.notes = state.buckets.values().map(Vec::len).sum();
        state.compare_at = state.notes;
    }

    /// The time at which to call [`due`](Self::due) again.
    pub(crate) fn next(&self) -> Option<Tick> {
        let mut state = lock(&self.0);
        let bucket = *state.buckets.first_key_value()?.0;
        state.set_alarm(bucket)
    }
}

impl State {
    fn note(&mut self, deadline: Tick, hash: u64) -> u64 {
        let bucket = (deadline.0 >> BUCKET) + 1;
        self.buckets.entry(bucket).or_default().push(hash);
        self.notes += 1;
        bucket
    }

    fn set_alarm(&mut self, bucket: u64) -> Option<Tick> {
        let earlier = self.alarms.first().is_none_or(|alarm| bucket < *alarm);
        earlier.then(|| {
            self.alarms.insert(bucket);
            Tick(bucket.saturating_mul(1 << BUCKET))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(quarters: u64) -> Tick {
        Tick(quarters << BUCKET)
    }

    #[test]
    fn an_early_alarm_leaves_the_later_ones_set() {
        let expiries = Expiries::default();
        assert_eq!(expiries.note(at(100), 1).alarm, Some(at(101)));
        for early in 0..10 {
            assert_eq!(expiries.note(at(early), 2).alarm, Some(at(early + 1)));
            assert_eq!(expiries.due(at(early + 1)), [2]);
            assert_eq!(expiries.next(), None, "the alarm of the first is set");
        }
        assert_eq!(expiries.due(at(101)), [1]);
    }

    #[test]
    fn what_is_noted_again_gets_an_alarm() {
        let expiries = Expiries::default();
        assert_eq!(expiries.note(at(1), 1).alarm, Some(at(2)));
        assert_eq!(expiries.due(at(2)), [1]);
        expiries.note_again(at(5), 1);
        assert_eq!(expiries.next(), Some(at(6)));
        assert_eq!(expiries.next(), None);
    }
    #[test]
    fn notes_are_compared_with_the_entries_now_and_then_and_stay_few() {
        let expiries = Expiries::default();
        let (mut most, mut compared) = (0, 0);
        for hash in 0..100_000 {
            if expiries.note(at(1), hash).many {
                compared += 1;
                most = most.max(lock(&expiries.0).notes);
                expiries.prune(10, |hash| hash < 10);
            }
        }
        assert!(most <= 3 * SPARE, "{most} notes of 10 entries");
        assert!((20..100).contains(&compared), "compared {compared} times");
        assert_eq!(expiries.note(Tick::NEVER, 1), Noted::default());
    }
}
