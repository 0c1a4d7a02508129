//! What strategies and rate limits cost: on a hit, which they may judge, and on a miss, which they may hold back.

use std::{
    hint::black_box,
    sync::{
        Barrier,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use cacher::{
    cache,
    strategy::{Strategy, Transform},
};

/// The name under which these measurements are picked.
pub(crate) const NAME: &str = "strategy";

/// Decides nothing.
struct Idle;
impl Strategy for Idle {}

/// Changes nothing.
struct Same;
impl Transform<u64> for Same {}

macro_rules! functions {
    ($($name:ident($($argument:tt)*);)*) => { $(
        #[cache(ttl = "1h", capacity = 1024, $($argument)*)]
        fn $name(n: u64) -> u64 {
            n
        }
    )* };
}

functions! {
    plain();
    limited(rate_limit = "4000000000/s");
    one(strategies = [Idle]);
    three(strategies = [Idle, Idle, Idle]);
    transformed(strategies = [Same]);
}

type Function = fn(u64) -> u64;

const FUNCTIONS: [(&str, Function); 5] = [
    ("`ttl` alone", plain),
    ("`rate_limit`", limited),
    ("one strategy", one),
    ("three strategies", three),
    ("a transform", transformed),
];

/// Prints the table.
pub(crate) fn measure() {
    println!("\nStrategies and rate limits: nanoseconds a call.\n");
    println!("|  | hit | miss | miss, 2 threads |\n|---|---:|---:|---:|");
    for (name, function) in FUNCTIONS {
        let (hit, miss) = (nanos(1, &|_| function(black_box(7))), nanos(1, &|n| function(n)));
        println!("| {name} | {hit:.1} | {miss:.0} | {:.0} |", nanos(2, &|n| function(n)));
    }
}

const ROUNDS: usize = 101;
const CALLS: u64 = 4096;

/// The median time of a call, of all threads together. Each call gets another number.
#[expect(clippy::cast_precision_loss, reason = "small")]
fn nanos(threads: usize, call: &(dyn Fn(u64) -> u64 + Sync)) -> f64 {
    static NEXT: AtomicU64 = AtomicU64::new(1 << 32);
    let start = Barrier::new(threads);
    let round = || {
        let first = NEXT.fetch_add(CALLS, Relaxed);
        start.wait();
        let begin = Instant::now();
        for n in first..first + CALLS {
            black_box(call(n));
        }
        begin.elapsed()
    };
    let mut rounds: Vec<Duration> = thread::scope(|scope| {
        let runs: Vec<_> =
            (0..threads).map(|_| scope.spawn(|| (0..ROUNDS).map(|_| round()).collect::<Vec<_>>())).collect();
        runs.into_iter().flat_map(|run| run.join().unwrap_or_default()).collect()
    });
    rounds.sort_unstable();
    rounds[rounds.len() / 2].as_nanos() as f64 / (CALLS * threads as u64) as f64
}
