//! Times subjects side by side: short rounds in turn, so that what else the machine does meets all of them.

use std::{
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

/// Calls in one pass over the keys.
pub(crate) const KEYS: u64 = 1024;

/// Runs a subject for a number of passes.
pub(crate) type Batch = Box<dyn Fn(u64) + Sync>;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Cacher,
    /// `quick_cache` alone: the yardstick.
    Bare,
    Cached,
    ConcurrentCached,
    Memoize,
    Moka,
}

impl Column {
    pub(crate) const ALL: [Self; 6] =
        [Self::Cacher, Self::Bare, Self::Cached, Self::ConcurrentCached, Self::Memoize, Self::Moka];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Cacher => "cacher",
            Self::Bare => "bare quick_cache",
            Self::Cached => "cached",
            Self::ConcurrentCached => "cached, concurrent",
            Self::Memoize => "memoize",
            Self::Moka => "moka",
        }
    }

    pub(crate) fn is_peer(self) -> bool {
        !matches!(self, Self::Cacher | Self::Bare)
    }
}

/// One job, and who does it.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) threads: usize,
    /// Allocations that cloning the value makes.
    pub(crate) own_clone: u64,
    subjects: Vec<(Column, Batch)>,
}

impl Row {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, threads: 1, own_clone: 0, subjects: Vec::new() }
    }

    pub(crate) fn threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    pub(crate) fn own_clone(self, own_clone: u64) -> Self {
        Self { own_clone, ..self }
    }

    pub(crate) fn with(mut self, column: Column, batch: Batch) -> Self {
        self.subjects.push((column, batch));
        self
    }

    pub(crate) fn subjects(&self) -> impl Iterator<Item = (Column, &Batch)> {
        self.subjects.iter().map(|(column, batch)| (*column, batch))
    }
}

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    rounds: usize,
    round: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        // Rounds far shorter than a slice of the scheduler: the median passes over those that were interrupted.
        Self { rounds: 501, round: Duration::from_micros(400) }
    }
}

/// The time of a call, in nanoseconds, of each subject in each round.
#[derive(Debug)]
pub(crate) struct Times {
    pub(crate) name: &'static str,
    rounds: Vec<(Column, Vec<f64>)>,
}

impl Times {
    fn rounds(&self, column: Column) -> Option<&[f64]> {
        self.rounds.iter().find(|(of, _)| *of == column).map(|(_, rounds)| rounds.as_slice())
    }

    /// The median time of a call.
    pub(crate) fn nanos(&self, column: Column) -> Option<f64> {
        Some(median(self.rounds(column)?.to_vec()))
    }

    /// The median of the ratios of all rounds.
    pub(crate) fn ratio(&self, column: Column, to: Column) -> Option<f64> {
        let pairs = self.rounds(column)?.iter().zip(self.rounds(to)?);
        Some(median(pairs.map(|(one, other)| one / other).collect()))
    }
}

/// Measures the subjects of a row in turn.
pub(crate) fn measure(row: &Row, pace: Pace) -> Times {
    eprintln!("{} ..", row.name);
    let (columns, batches): (Vec<_>, Vec<_>) = row.subjects().unzip();
    let rounds = columns.into_iter().zip(in_turn(&batches, row.threads, pace)).collect();
    Times { name: row.name, rounds }
}

/// Runs batches in turn. The nanoseconds of a call of each, in each round.
pub(crate) fn in_turn(batches: &[&Batch], threads: usize, pace: Pace) -> Vec<Vec<f64>> {
    let passes: Vec<_> = batches.iter().map(|batch| calibrate(batch, threads, pace.round)).collect();
    let mut rounds = vec![Vec::new(); batches.len()];
    for round in 0..pace.rounds {
        for turn in 0..batches.len() {
            // Each round begins with another one, so that none always follows the same neighbour's cache misses.
            let at = (turn + round) % batches.len();
            rounds[at].push(time(batches[at], passes[at], threads));
        }
    }
    rounds
}

/// Warms up, and finds how many passes fill a round.
fn calibrate(batch: &Batch, threads: usize, round: Duration) -> u64 {
    let mut passes = 1;
    loop {
        #[expect(clippy::cast_precision_loss, reason = "small")]
        let took = time(batch, passes, threads) * (passes * KEYS * threads as u64) as f64;
        if took * 2.0 >= round.as_secs_f64() * 1e9 {
            return passes;
        }
        passes *= 2;
    }
}

/// Nanoseconds per call, of all threads together.
#[expect(clippy::cast_precision_loss, reason = "small")]
fn time(batch: &Batch, passes: u64, threads: usize) -> f64 {
    let calls = (passes * KEYS * threads as u64) as f64;
    if threads == 1 {
        // What the others have pushed out of the processor's caches comes back.
        batch(1);
        return clock(batch, passes) / calls;
    }
    let start = Barrier::new(threads);
    thread::scope(|scope| {
        let run = || {
            // A thread of its own meets what each thread does first.
            batch(1);
            start.wait();
            clock(batch, passes)
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        let count = threads.len() as f64;
        let sum: f64 = threads.into_iter().filter_map(|thread| thread.join().ok()).sum();
        sum / count / calls
    })
}

fn clock(batch: &Batch, passes: u64) -> f64 {
    let begin = Instant::now();
    batch(passes);
    begin.elapsed().as_secs_f64() * 1e9
}

/// The one in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
