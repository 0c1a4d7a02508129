//! Times jobs side by side, in short rounds in turn.

use std::time::{Duration, Instant};

/// A round takes about this long, or one call.
const ROUND: Duration = Duration::from_micros(500);
/// What is measured, all rounds together, of each job.
const ALL: Duration = Duration::from_millis(60);
/// The most and the fewest rounds.
const ROUNDS: (u32, u32) = (9, 201);

/// The shortest time of a call of each job, in nanoseconds. A job is told which call it is.
///
/// What else the machine does only ever makes a call slower, so the shortest time is the nearest to its own.
pub(super) fn nanos<const N: usize>(mut jobs: [&mut dyn FnMut(u64); N]) -> [f64; N] {
    let mut next = 0;
    let calls = jobs.each_mut().map(|job| calls(*job, &mut next));
    let mut best = [f64::INFINITY; N];
    let (begin, mut round) = (Instant::now(), 0);
    let all = ALL * u32::try_from(N).unwrap_or(1);
    while round < ROUNDS.0 || (round < ROUNDS.1 && begin.elapsed() < all) {
        for ((job, calls), best) in jobs.iter_mut().zip(calls).zip(&mut best) {
            *best = best.min(run(*job, calls, &mut next).as_secs_f64() * 1e9 / f64::from(calls));
        }
        round += 1;
    }
    best
}

/// How many calls fill a round.
fn calls(job: &mut dyn FnMut(u64), next: &mut u64) -> u32 {
    let mut calls = 1;
    while run(job, calls, next) < ROUND / 2 {
        calls *= 2;
    }
    calls
}

fn run(job: &mut dyn FnMut(u64), calls: u32, next: &mut u64) -> Duration {
    let begin = Instant::now();
    for _ in 0..calls {
        job(*next);
        *next += 1;
    }
    begin.elapsed()
}
