//! Single operations, one caller or many at once, beside the bare client's own call in the same rounds.

use std::{
    future::Future,
    pin::Pin,
    time::{Duration, Instant},
};

use cacher::AsyncCache;
use tokio::{runtime::Runtime, task::JoinSet};

use super::{Store, Wanted, cache};

pub(super) type Answer = Pin<Box<dyn Future<Output = ()> + Send>>;

#[derive(Clone, Copy)]
pub(super) enum Operation {
    Get,
    Set,
    GetMany,
}

const OPERATIONS: [(&str, Operation); 3] =
    [("hit", Operation::Get), ("set", Operation::Set), ("`get_many` of 100", Operation::GetMany)];
const CALLERS: [u32; 2] = [1, 64];
pub(super) const KEYS: u64 = 1024;
const MANY: u64 = 100;
const ROUNDS: usize = 41;

/// A row: what is done, and how many do it at once.
type Row = (&'static str, Operation, u32);

/// Prints the table of one store.
pub(super) fn measure(store: &Store, url: &str, wanted: &Wanted<'_>) {
    let rows = OPERATIONS.iter().flat_map(|&(name, operation)| CALLERS.map(|callers| (name, operation, callers)));
    let is_wanted = |&(name, _, callers): &Row| wanted.has(&format!("calls {} {name} x{callers}", store.name));
    let rows: Vec<_> = rows.filter(is_wanted).collect();
    if rows.is_empty() {
        return;
    }
    println!(
        "\n{}: microseconds until all callers have their answer (the least of {ROUNDS} rounds in turn), what is more \
         (the median), and calls a second.\n",
        store.name
    );
    println!("|  | callers | bare client | cacher | more | bare, a second | cacher, a second | of bare |");
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    let runtime = runtime();
    let cache = cache("calls", &[url]);
    for key in 0..KEYS {
        cache.set(&key, key);
    }
    let (cache, bare) = (cache.nonblocking(), (store.bare)(&runtime, url));
    for (name, operation, callers) in rows {
        let ours = |key| ask(cache.clone(), operation, key);
        let theirs = |key| bare.call(operation, key);
        let times = side_by_side(&runtime, (operation, callers), &theirs, &ours);
        let rate = |time: f64| 1e6 / time * f64::from(callers);
        let (theirs, ours) = (least(&times[0]), least(&times[1]));
        let pairs = times[0].iter().zip(&times[1]);
        println!(
            "| {name} | {callers} | {theirs:.1} | {ours:.1} | {:+.1} | {:.0} | {:.0} | {:.2} |",
            median(pairs.clone().map(|(theirs, ours)| ours - theirs).collect()),
            rate(theirs),
            rate(ours),
            median(pairs.map(|(theirs, ours)| theirs / ours).collect()),
        );
    }
}

pub(super) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

fn ask(cache: AsyncCache<u64, u64>, operation: Operation, key: u64) -> Answer {
    Box::pin(async move {
        match operation {
            Operation::Get => assert!(cache.get(&key).await.is_some(), "it was stored"),
            // Of two callers that set one key at once, one may have come first.
            Operation::Set => _ = cache.set(&key, key).await,
            Operation::GetMany => {
                let keys: Vec<_> = many(key).collect();
                assert!(cache.get_many(&keys).await.iter().all(Option::is_some), "all were stored");
            }
        }
    })
}

pub(super) fn many(first: u64) -> impl Iterator<Item = u64> {
    (first..first + MANY).map(|key| key % KEYS)
}

type Call<'a> = &'a dyn Fn(u64) -> Answer;

/// The microseconds of a call of each in each round, with so many callers at once.
fn side_by_side(
    runtime: &Runtime,
    (operation, callers): (Operation, u32),
    one: Call<'_>,
    other: Call<'_>,
) -> [Vec<f64>; 2] {
    let calls = match operation {
        Operation::GetMany => 2,
        _ if callers == 1 => 200,
        _ => 20,
    };
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (times, call) in times.iter_mut().zip([one, other]) {
            times.push(round(runtime, callers, calls, call).as_secs_f64() * 1e6 / f64::from(calls));
        }
    }
    times
}

fn round(runtime: &Runtime, callers: u32, calls: u32, call: Call<'_>) -> Duration {
    let tasks: Vec<Vec<Answer>> = (0..callers)
        .map(|caller| (0..calls).map(|turn| call(u64::from(caller * 31 + turn * 7) % KEYS)).collect())
        .collect();
    runtime.block_on(async {
        let start = Instant::now();
        let mut running = JoinSet::new();
        for answers in tasks {
            running.spawn(async move {
                for answer in answers {
                    answer.await;
                }
            });
        }
        while let Some(ended) = running.join_next().await {
            ended.expect("no panic");
        }
        start.elapsed()
    })
}

fn least(times: &[f64]) -> f64 {
    times.iter().copied().fold(f64::INFINITY, f64::min)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
