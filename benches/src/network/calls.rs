//! Single operations, one caller or many at once, beside the bare client's own call in the same rounds.

use std::{
    future::Future,
    pin::Pin,
    time::{Duration, Instant},
};

use cacher::AsyncCache;
use redis::aio::MultiplexedConnection;
use tokio::{runtime::Runtime, task::JoinSet};

use super::{Store, cache};

pub(super) type Answer = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A client that is asked directly, for entries of the same size.
pub(super) trait Bare {
    fn call(&self, operation: Operation, key: u64) -> Answer;
}

#[derive(Clone, Copy)]
pub(super) enum Operation {
    Get,
    Set,
    GetMany,
}

const OPERATIONS: [(&str, Operation); 3] =
    [("hit", Operation::Get), ("set", Operation::Set), ("`get_many` of 100", Operation::GetMany)];
const KEYS: u64 = 1024;
const MANY: u64 = 100;
const ROUNDS: usize = 21;

/// Prints the table of one store.
pub(super) fn measure(store: &Store, url: &str) {
    println!("\n{}: microseconds a call, the median of {ROUNDS} rounds in turn, and calls a second.\n", store.name);
    println!("|  | callers | bare client | cacher | more | bare, a second | cacher, a second |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    let runtime = runtime();
    let cache = cache("calls", &[url]);
    for key in 0..KEYS {
        cache.set(&key, key);
    }
    let (cache, bare) = (cache.nonblocking(), (store.bare)(&runtime, url));
    for (name, operation) in OPERATIONS {
        for callers in [1, 64] {
            let ours = |key| ask(cache.clone(), operation, key);
            let theirs = |key| bare.call(operation, key);
            let (theirs, ours) = side_by_side(&runtime, callers, &theirs, &ours);
            let rate = |time: f64| 1e6 / time * f64::from(callers);
            println!(
                "| {name} | {callers} | {theirs:.1} | {ours:.1} | {:+.1} | {:.0} | {:.0} |",
                ours - theirs,
                rate(theirs),
                rate(ours)
            );
        }
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

fn many(first: u64) -> impl Iterator<Item = u64> {
    (first..first + MANY).map(|key| key % KEYS)
}

type Call<'a> = &'a dyn Fn(u64) -> Answer;

/// The microseconds of a call of each, with so many callers at once.
fn side_by_side(runtime: &Runtime, callers: u32, one: Call<'_>, other: Call<'_>) -> (f64, f64) {
    let calls = if callers == 1 { 100 } else { 10 };
    let mut times: [Vec<Duration>; 2] = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (times, call) in times.iter_mut().zip([one, other]) {
            times.push(round(runtime, callers, calls, call));
        }
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        times[ROUNDS / 2].as_secs_f64() * 1e6 / f64::from(calls)
    };
    let [ref mut one, ref mut other] = times;
    (median(one), median(other))
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

struct BareRedis(MultiplexedConnection);

/// About as many bytes as an entry has.
const ENTRY: usize = 120;

/// The client that the store is made of.
pub(super) fn redis(runtime: &Runtime, url: &str) -> Box<dyn Bare> {
    let client = redis::Client::open(url).expect("a URL");
    let connection = runtime.block_on(client.get_multiplexed_async_connection()).expect("a connection");
    let bare = BareRedis(connection);
    for key in 0..KEYS {
        runtime.block_on(bare.call(Operation::Set, key));
    }
    Box::new(bare)
}

fn name(key: u64) -> String {
    format!("benches::bare|msgpack|{key:064x}")
}

impl Bare for BareRedis {
    fn call(&self, operation: Operation, key: u64) -> Answer {
        let mut connection = self.0.clone();
        Box::pin(async move {
            let query = match operation {
                Operation::Get => {
                    redis::cmd("GET").arg(name(key)).query_async::<Option<Vec<u8>>>(&mut connection).await.map(drop)
                }
                Operation::Set => {
                    redis::cmd("SET").arg(name(key)).arg(&[7_u8; ENTRY][..]).query_async(&mut connection).await
                }
                Operation::GetMany => {
                    let names: Vec<_> = many(key).map(name).collect();
                    redis::cmd("MGET").arg(names).query_async::<Vec<Option<Vec<u8>>>>(&mut connection).await.map(drop)
                }
            };
            query.expect("an answer");
        })
    }
}
