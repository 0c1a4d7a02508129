//! What calls came to: how long they took, and what they got.

use crate::{
    policies::Policy,
    simulation::{Call, Run},
    source::Phase,
};

/// The longest latency of each bucket, in milliseconds. They grow as the coins do: 1, 2, 5, 10.
pub(crate) const BUCKETS: [u64; 12] = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000];

/// The calls that began in one phase.
pub(crate) struct Summary {
    phase: Phase,
    /// Which part of the calls did not get an answer at once, from 0 to 1.
    waited: f64,
    /// Latencies, in milliseconds: of the middle call, of the last but one in a hundred, of the longest.
    p50: u64,
    pub(crate) p99: u64,
    pub(crate) max: u64,
    /// Which part of the calls got an error, from 0 to 1.
    pub(crate) errors: f64,
    /// The age of the oldest value that was returned, in milliseconds.
    oldest: u64,
    /// How often the source was asked.
    reads: usize,
    /// Which parts of all calls took so long, of those that got a value and of those that got an error.
    pub(crate) histogram: [(f64, f64); BUCKETS.len()],
}

impl Summary {
    /// Of each phase.
    pub(crate) fn of_phases(run: &Run) -> Vec<Self> {
        Phase::ALL.into_iter().map(|phase| Self::of(phase, run)).collect()
    }

    fn of(phase: Phase, run: &Run) -> Self {
        let calls: Vec<_> = run.calls.iter().filter(|call| phase.contains(call.began)).collect();
        let mut took: Vec<_> = calls.iter().map(|call| call.took).collect();
        took.sort_unstable();
        let at = |percent| took.get(took.len() * percent / 100).copied().unwrap_or_default();
        Self {
            phase,
            waited: part(calls.iter().filter(|call| call.took > 0).count(), calls.len()),
            p50: at(50),
            p99: at(99),
            max: took.last().copied().unwrap_or_default(),
            errors: part(calls.iter().filter(|call| call.age.is_none()).count(), calls.len()),
            oldest: calls.iter().filter_map(|call| call.age).max().unwrap_or_default(),
            reads: run.reads.iter().filter(|read| phase.contains(**read)).count(),
            histogram: histogram(&calls),
        }
    }
}

fn histogram(calls: &[&Call]) -> [(f64, f64); BUCKETS.len()] {
    let mut counts = [(0, 0); BUCKETS.len()];
    for call in calls {
        // Nothing takes longer than the last bucket says; if it did, it would be counted there.
        let bucket = BUCKETS.partition_point(|longest| *longest < call.took).min(BUCKETS.len() - 1);
        match call.age {
            Some(_) => counts[bucket].0 += 1,
            None => counts[bucket].1 += 1,
        }
    }
    counts.map(|(values, errors)| (part(values, calls.len()), part(errors, calls.len())))
}

#[expect(clippy::cast_precision_loss, reason = "small")]
fn part(some: usize, all: usize) -> f64 {
    some as f64 / all.max(1) as f64
}

/// Prints a row for each policy and phase.
pub(crate) fn print(summaries: &[(&Policy, Vec<Summary>)]) {
    println!("| policy | the source | waited | p50 | p99 | max | errors | oldest value | reads of the source |");
    println!("|---|---|---:|---:|---:|---:|---:|---:|---:|");
    for (policy, phases) in summaries {
        for summary in phases {
            let Summary { phase, waited, p50, p99, max, errors, oldest, reads, .. } = summary;
            let [p50, p99, max] = [p50, p99, max].map(|millis| latency(*millis));
            let (waited, errors, oldest) = (percent(*waited), percent(*errors), latency(*oldest));
            println!(
                "| {} | {} | {waited} | {p50} | {p99} | {max} | {errors} | {oldest} | {reads} |",
                policy.name,
                phase.title()
            );
        }
    }
}

/// A time, for a reader.
#[expect(clippy::cast_precision_loss, reason = "small")]
pub(crate) fn latency(millis: u64) -> String {
    match millis {
        0 => "0".to_owned(),
        1..1_000 => format!("{millis} ms"),
        _ => format!("{:.1} s", millis as f64 / 1_000.0),
    }
}

/// A part, for a reader.
pub(crate) fn percent(part: f64) -> String {
    let percent = 100.0 * part;
    match percent {
        0.0 => "0".to_owned(),
        ..0.1 => "under 0.1 %".to_owned(),
        ..10.0 => format!("{percent:.1} %"),
        ..99.5 => format!("{percent:.0} %"),
        ..100.0 => "over 99 %".to_owned(),
        _ => "100 %".to_owned(),
    }
}
