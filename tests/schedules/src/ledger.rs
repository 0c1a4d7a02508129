//! What is known from outside about values and calls, and what follows from it.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use crate::step::Step;

/// A time: later ones are larger. A value is the time at which its body or its insertion began.
pub(crate) type Time = u64;

/// All is noted at once, and never between two steps of a schedule: these locks and counters are no part of it.
#[derive(Default)]
pub(crate) struct Ledger {
    notes: Mutex<Notes>,
    inside: AtomicUsize,
    most: AtomicUsize,
    bodies: AtomicUsize,
}

#[derive(Default)]
struct Notes {
    now: Time,
    /// When the last of the invalidations and overwrites that have ended began.
    floor: Time,
    /// The last time at which an inserted value can have been put there; none as long as that goes on.
    inserted: HashMap<Time, Option<Time>>,
    /// When the calls that brought values ended.
    settled: HashMap<Time, Time>,
    /// What is past its time.
    expired: HashSet<Time>,
    story: Vec<Event>,
}

/// What has happened, for who reads of a failure.
#[derive(Clone, Copy, Debug)]
#[expect(dead_code, reason = "they are printed")]
pub(crate) enum Event {
    Begins(Time, Step),
    /// The body of a load.
    Body(Time),
    Ends(Time, Step, Option<Time>),
}

/// What must hold for a call that begins.
pub(crate) struct Promise {
    floor: Time,
    expired: HashSet<Time>,
}

impl Ledger {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> Time {
        let mut notes = self.notes();
        notes.now += 1;
        notes.now
    }

    /// A step begins.
    pub(crate) fn begin(&self, step: Step) -> Time {
        let now = self.now();
        self.notes().story.push(Event::Begins(now, step));
        now
    }

    /// A step has ended, perhaps with a value.
    pub(crate) fn end(&self, step: Step, value: Option<Time>) {
        let now = self.now();
        self.notes().story.push(Event::Ends(now, step, value));
    }

    fn story(&self) -> String {
        self.notes().story.iter().fold(String::new(), |told, event| told + &format!("\n  {event:?}"))
    }

    /// What began before `began` is not served to calls that begin from now on.
    pub(crate) fn outdate(&self, began: Time) {
        let mut notes = self.notes();
        notes.floor = notes.floor.max(began);
    }

    /// A value that is about to be put there.
    pub(crate) fn insert(&self, step: Step) -> Time {
        let value = self.begin(step);
        self.notes().inserted.insert(value, None);
        value
    }

    /// Its insertion has ended, or nobody waits for it any more.
    pub(crate) fn inserted(&self, value: Time) {
        let now = self.now();
        self.notes().inserted.insert(value, Some(now));
        self.settle(value);
    }

    /// The call that brought this value has ended.
    pub(crate) fn settle(&self, value: Time) {
        let now = self.now();
        self.notes().settled.entry(value).or_insert(now);
    }

    /// All that was settled by then is past its time.
    pub(crate) fn expire(&self, by: Time) {
        let mut notes = self.notes();
        let gone: Vec<_> = notes.settled.iter().filter(|(_, at)| **at < by).map(|(value, _)| *value).collect();
        notes.expired.extend(gone);
    }

    pub(crate) fn promise(&self) -> Promise {
        let notes = self.notes();
        Promise { floor: notes.floor, expired: notes.expired.clone() }
    }

    /// Checks what a call got.
    pub(crate) fn check(&self, promise: &Promise, value: Time, step: Step) {
        let inserted = self.notes().inserted.get(&value).copied();
        let began = match inserted {
            Some(ended) => ended.unwrap_or(Time::MAX),
            None => value,
        };
        let Promise { floor, expired } = promise;
        let late = began < *floor;
        assert!(!late, "{step:?} got a value of {value}, after what began at {floor} had ended:{}", self.story());
        let old = expired.contains(&value);
        assert!(!old, "{step:?} got a value of {value} past its time:{}", self.story());
    }

    /// A body begins, at this time; it ends when what comes back is dropped.
    pub(crate) fn enter(&self) -> (Time, Inside<'_>) {
        self.bodies.fetch_add(1, SeqCst);
        self.most.fetch_max(self.inside.fetch_add(1, SeqCst) + 1, SeqCst);
        let now = self.now();
        self.notes().story.push(Event::Body(now));
        (now, Inside(self))
    }

    /// How many bodies have run at once.
    pub(crate) fn most_at_once(&self) -> usize {
        self.most.load(SeqCst)
    }

    /// How many bodies have run.
    pub(crate) fn bodies(&self) -> usize {
        self.bodies.load(SeqCst)
    }
}

pub(crate) struct Inside<'a>(&'a Ledger);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, SeqCst);
    }
}
