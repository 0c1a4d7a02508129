//! Threads that do what they like with a cache, and note it.

use std::{
    hint,
    sync::atomic::{AtomicU64, Ordering::SeqCst},
    thread,
};

use cacher_core::direct::Cache;
use serde::{Deserialize, Serialize};

use crate::history::{Answer, Event, Operation};

/// A value at whose clones threads often take turns: in the middle of what the cache does.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Wavering(u64);

impl Clone for Wavering {
    fn clone(&self) -> Self {
        static CLONES: AtomicU64 = AtomicU64::new(0);
        waver(CLONES.fetch_add(1, SeqCst));
        Self(self.0)
    }
}

/// Lets others go on, for shorter or longer.
fn waver(turn: u64) {
    if turn.is_multiple_of(5) {
        thread::yield_now();
    } else {
        (0..turn % 200).for_each(|_| hint::spin_loop());
    }
}

/// What is recorded.
pub(crate) trait Subject: Sync {
    fn ask(&self, key: u64, operation: Operation) -> Answer;
}

/// The cache as it is.
pub(crate) struct Honest(pub(crate) Cache<u64, Wavering>);

impl Subject for Honest {
    fn ask(&self, key: u64, operation: Operation) -> Answer {
        let cache = &self.0;
        match operation {
            Operation::Get => Answer::Found(cache.get(&key).map(number)),
            Operation::Contains => Answer::Done(cache.contains(&key)),
            Operation::Set(value) => Answer::Done(cache.set(&key, Wavering(value))),
            Operation::SetIfAbsent(value) => Answer::Done(cache.set_if_absent(&key, Wavering(value))),
            Operation::Update(value) => changed(cache, key, |_| Some(value)),
            Operation::Change(value) => changed(cache, key, |old| old.map(|_| value)),
            Operation::Delete => Answer::Done(cache.delete(&key)),
            Operation::Load(value) => {
                let loaded = cache.get_or_load(&key, || {
                    waver(value);
                    Wavering(value)
                });
                Answer::Loaded(loaded.0)
            }
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is mapped over values")]
fn number(value: Wavering) -> u64 {
    value.0
}

fn changed(cache: &Cache<u64, Wavering>, key: u64, change: impl Fn(Option<u64>) -> Option<u64>) -> Answer {
    let mut saw = None;
    let made = cache.update(&key, |old| {
        saw = old.map(number);
        waver(key);
        change(saw).map(Wavering)
    });
    assert_eq!(made.map(number), change(saw), "it returns what was made of what was there");
    Answer::Updated { saw }
}

/// A cache whose updates are a read and a write.
pub(crate) struct LosesUpdates(pub(crate) Cache<u64, Wavering>);

impl Subject for LosesUpdates {
    fn ask(&self, key: u64, operation: Operation) -> Answer {
        let Operation::Update(value) = operation else { return Honest(self.0.clone()).ask(key, operation) };
        let saw = self.0.get(&key).map(number);
        thread::yield_now();
        self.0.set(&key, Wavering(value));
        Answer::Updated { saw }
    }
}

const THREADS: usize = 3;
const OPERATIONS: u64 = 4;

/// Records so many histories, each of a key of its own.
pub(crate) fn histories(subject: &impl Subject, count: u64, seed: u64, loads: bool) -> Vec<Vec<Event>> {
    let (together, time) = (AtomicU64::new(0), AtomicU64::new(0));
    let record = |thread: usize| {
        let mut random = Random(seed * 1_000_003 + thread as u64);
        let mut all = Vec::new();
        for key in 0..count {
            let asked: Vec<_> = (0..OPERATIONS)
                .map(|nth| operation(&mut random, (key * 16 + thread as u64) * OPERATIONS + nth, loads))
                .collect();
            meet(&together, key);
            let events = asked.into_iter().map(|operation| {
                let began = time.fetch_add(1, SeqCst);
                let answer = subject.ask(key, operation);
                Event { thread, operation, answer, began, ended: time.fetch_add(1, SeqCst) }
            });
            all.push(events.collect::<Vec<_>>());
        }
        all
    };
    let of_threads: Vec<_> = thread::scope(|scope| {
        let record = &record;
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || record(thread))).collect();
        threads.into_iter().map(|thread| thread.join().expect("it records")).collect()
    });
    let mut histories = vec![Vec::new(); usize::try_from(count).expect("a count")];
    for of_thread in of_threads {
        for (history, events) in histories.iter_mut().zip(of_thread) {
            history.extend(events);
        }
    }
    histories
}

/// Waits until all threads have come for the `nth` time.
fn meet(come: &AtomicU64, nth: u64) {
    come.fetch_add(1, SeqCst);
    let all = (nth + 1) * THREADS as u64;
    let mut spins = 0_u64;
    while come.load(SeqCst) < all {
        spins += 1;
        if spins.is_multiple_of(1000) { thread::yield_now() } else { hint::spin_loop() }
    }
}

fn operation(random: &mut Random, value: u64, loads: bool) -> Operation {
    match random.below(if loads { 14 } else { 11 }) {
        0..=2 => Operation::Get,
        3 => Operation::Contains,
        4 | 5 => Operation::Set(value),
        6 => Operation::SetIfAbsent(value),
        7 => Operation::Update(value),
        8 => Operation::Change(value),
        9 | 10 => Operation::Delete,
        _ => Operation::Load(value),
    }
}

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}
