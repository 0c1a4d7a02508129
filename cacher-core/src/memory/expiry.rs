//! Which entries expire when: so that what nobody asks for is removed too.

use std::collections::BTreeMap;

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
    /// The earliest bucket that an alarm is set for.
    alarm: Option<u64>,
}

/// 2^30 units of 2^-32 s.
const BUCKET: u32 = 30;

impl Expiries {
    /// Notes an entry. Returns the time at which to call [`due`](Self::due), if no alarm is set as early.
    pub(crate) fn note(&self, deadline: Tick, hash: u64) -> Option<Tick> {
        if deadline == Tick::NEVER {
            return None;
        }
        let bucket = (deadline.0 >> BUCKET) + 1;
        let mut state = lock(&self.0);
        state.buckets.entry(bucket).or_default().push(hash);
        state.set_alarm(bucket)
    }

    /// Takes the notes of what has expired by now. The alarm that led here is spent.
    pub(crate) fn due(&self, now: Tick) -> Vec<u64> {
        let mut state = lock(&self.0);
        let later = state.buckets.split_off(&((now.0 >> BUCKET) + 1));
        let due = std::mem::replace(&mut state.buckets, later);
        state.alarm = None;
        due.into_values().flatten().collect()
    }

    /// The time at which to call [`due`](Self::due) again.
    pub(crate) fn next(&self) -> Option<Tick> {
        let mut state = lock(&self.0);
        let bucket = *state.buckets.first_key_value()?.0;
        state.set_alarm(bucket)
    }
}

impl State {
    fn set_alarm(&mut self, bucket: u64) -> Option<Tick> {
        let earlier = self.alarm.is_none_or(|alarm| bucket < alarm);
        earlier.then(|| {
            self.alarm = Some(bucket);
            Tick(bucket.saturating_mul(1 << BUCKET))
        })
    }
}
