//! What a function with policies does, after the README and `docs/freshness.md`, and nothing about how.

use std::collections::HashMap;

use crate::{
    breaker::Breaker,
    source::{Answer, Failure, Mode, keeps, of},
};

/// The arguments of the attribute; times are in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) ttl: u64,
    pub(crate) none_ttl: Option<u64>,
    pub(crate) revalidate: u64,
    pub(crate) if_error: u64,
    pub(crate) refresh_at: Option<f64>,
    pub(crate) error_ttl: Option<u64>,
    /// Whether values that 5 divides are not kept.
    pub(crate) cache_if: bool,
    /// The part of loads, and the window.
    pub(crate) breaker: Option<(f64, u64)>,
    /// Whether memory has values too.
    pub(crate) memory: bool,
    /// What the tags begin with.
    pub(crate) tag: Option<&'static str>,
}

/// What a call came to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    Returned(Answer),
    Panicked,
}

/// What is counted of calls.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Counts {
    pub(crate) hits: u64,
    pub(crate) stale_hits: u64,
    pub(crate) error_hits: u64,
    pub(crate) loads: u64,
    pub(crate) load_failures: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    value: Option<u64>,
    /// When it is first loaded anew.
    due: u64,
    /// When its TTL ends.
    ends: u64,
}

#[derive(Debug)]
pub(crate) struct Model {
    rules: Rules,
    pub(crate) now: u64,
    /// How the source behaves, and how long it takes.
    pub(crate) source: (Mode, u64),
    pub(crate) counts: Counts,
    entries: HashMap<u64, Entry>,
    errors: HashMap<u64, (u64, u64)>,
    /// Until when a key is not tried again, and how often it has failed.
    pauses: HashMap<u64, (u64, u32)>,
    breaker: Breaker,
}

impl Model {
    pub(crate) fn new(rules: Rules) -> Self {
        Self {
            rules,
            // What a manual clock says at first; steps of a breaker begin at whole seconds.
            now: 1000,
            source: (Mode::Up, 0),
            counts: Counts::default(),
            entries: HashMap::new(),
            errors: HashMap::new(),
            pauses: HashMap::new(),
            breaker: Breaker::default(),
        }
    }

    pub(crate) fn call(&mut self, key: u64) -> Outcome {
        let old = self.usable(key);
        if let Some(entry) = old.filter(|entry| self.now < entry.due || self.pauses(key)) {
            return self.answered(entry);
        }
        if let Some(error) = self.lasting(key).filter(|_| old.is_none_or(|entry| self.now >= entry.ends)) {
            self.counts.error_hits += 1;
            return Outcome::Returned(Err(Failure::Lasting(error)));
        }
        self.load(key, old, false)
    }

    pub(crate) fn refresh(&mut self, key: u64) -> Outcome {
        // Which asks no store.
        let old = self.usable(key).filter(|_| self.rules.memory);
        self.load(key, old, true)
    }

    fn load(&mut self, key: u64, old: Option<Entry>, replaces: bool) -> Outcome {
        if self.rules.breaker.is_some() && !self.breaker.permits(self.now) {
            return match old {
                Some(entry) => self.answered(entry),
                None => Outcome::Returned(Err(Failure::Cache(cacher::Kind::Limited))),
            };
        }
        self.counts.loads += 1;
        let (mode, takes) = self.source;
        self.now += takes;
        let answer = of(mode, self.counts.loads);
        let lasts = mode == Mode::Lasting && self.rules.error_ttl.is_some();
        let failed = matches!(mode, Mode::Down | Mode::Broken) || mode == Mode::Lasting && !lasts;
        if let Some(breaker) = self.rules.breaker {
            self.breaker.ended(self.now, failed, breaker);
        }
        if !failed && !lasts {
            let value = answer.clone().unwrap_or_default();
            self.pauses.remove(&key);
            if self.keeps(value) {
                self.put(key, value);
            } else if replaces {
                self.remove(key);
            }
            return Outcome::Returned(answer);
        }
        self.counts.load_failures += 1;
        // What was of use when the load began may be of none now.
        let stands_in = old.filter(|entry| {
            let live = self.now < entry.ends;
            !replaces && if lasts { live } else { self.now < self.end(entry) }
        });
        if let Some(entry) = stands_in {
            let (_, times) = self.pauses.get(&key).copied().unwrap_or_default();
            let pause = (1000 << times.min(16)).min(60_000);
            self.pauses.insert(key, (self.now + pause, times + 1));
            return self.answered(entry);
        }
        if let Some(ttl) = self.rules.error_ttl.filter(|_| lasts) {
            self.errors.insert(key, (self.counts.loads, self.now + ttl));
        }
        if mode == Mode::Broken { Outcome::Panicked } else { Outcome::Returned(answer) }
    }

    pub(crate) fn insert(&mut self, key: u64, value: Option<u64>) -> bool {
        self.remove(key);
        let keeps = self.keeps(value);
        if keeps {
            self.put(key, value);
        }
        keeps
    }

    /// Looks show what is within its TTL.
    pub(crate) fn peek(&self, key: u64) -> Option<Option<u64>> {
        self.usable(key).filter(|entry| self.now < entry.ends).map(|entry| entry.value)
    }

    pub(crate) fn remove(&mut self, key: u64) {
        self.entries.remove(&key);
        self.errors.remove(&key);
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.errors.clear();
    }

    fn put(&mut self, key: u64, value: Option<u64>) {
        let life = self.rules.none_ttl.filter(|_| value.is_none()).unwrap_or(self.rules.ttl);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a part of seconds"
        )]
        let due = self.rules.refresh_at.map_or(life, |part| (life as f64 * part) as u64);
        self.entries.insert(key, Entry { value, due: self.now + due, ends: self.now + life });
        self.errors.remove(&key);
    }

    fn keeps(&self, value: Option<u64>) -> bool {
        !self.rules.cache_if || keeps(&value)
    }

    /// Until when a value is of some use.
    fn end(&self, entry: &Entry) -> u64 {
        entry.ends + self.rules.revalidate.max(self.rules.if_error)
    }

    fn usable(&self, key: u64) -> Option<Entry> {
        self.entries.get(&key).filter(|entry| self.now < self.end(entry)).copied()
    }

    fn lasting(&self, key: u64) -> Option<u64> {
        self.errors.get(&key).filter(|(_, until)| self.now < *until).map(|(error, _)| *error)
    }

    fn pauses(&self, key: u64) -> bool {
        self.pauses.get(&key).is_some_and(|(until, _)| self.now < *until)
    }

    fn answered(&mut self, entry: Entry) -> Outcome {
        if self.now < entry.ends {
            self.counts.hits += 1;
        } else {
            self.counts.stale_hits += 1;
        }
        Outcome::Returned(Ok(entry.value))
    }
}
