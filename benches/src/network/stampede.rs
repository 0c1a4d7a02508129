//! Many callers at once of what nothing is cached for yet, with memory before the store.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use super::{Store, Wanted, cache, calls::runtime};

/// How long a body takes.
const BODY: Duration = Duration::from_millis(100);
const REQUESTS: usize = 200_000;

/// Prints the tables of one store.
pub(super) fn measure(store: &Store, url: &str, wanted: &Wanted<'_>) {
    let Some(reads) = store.reads.filter(|_| wanted.has(&format!("stampede {}", store.name))) else { return };
    println!("\nMemory over {}, a body of {BODY:?}: callers of one key.\n", store.name);
    println!("| callers | time | reads of the store | loads |\n|---:|---:|---:|---:|");
    for callers in [1, 10, 100, 1_000, 10_000] {
        let ran = run(reads, url, callers, &Arc::new(vec![7; callers]));
        println!("| {callers} | {:.0} ms | {} | {} |", ran.milliseconds, ran.reads, ran.loads);
    }
    let requests = Arc::new(zipf(REQUESTS));
    let distinct = requests.iter().collect::<HashSet<_>>().len();
    println!("\nThe same, {REQUESTS} requests of {distinct} keys by Zipf's law (1.001, keys 10 to 200,000).\n");
    println!("| at once | time | reads of the store | loads |\n|---:|---:|---:|---:|");
    for callers in [1_000, 10_000, 100_000] {
        let ran = run(reads, url, callers, &requests);
        println!("| {callers} | {:.0} ms | {} | {} |", ran.milliseconds, ran.reads, ran.loads);
    }
}

struct Ran {
    milliseconds: f64,
    reads: u64,
    loads: u64,
}

/// Answers all requests, so many at once.
fn run(reads: fn(&str) -> u64, url: &str, callers: usize, requests: &Arc<Vec<u64>>) -> Ran {
    static RUN: AtomicU64 = AtomicU64::new(0);
    let name = format!("stampede{}", RUN.fetch_add(1, Relaxed));
    let cache = cache(&name, &["memory://", url]);
    let asynchronous = cache.nonblocking();
    let (next, loads) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicU64::new(0)));
    let before = reads(url);
    let start = Instant::now();
    runtime().block_on(async {
        let mut running = JoinSet::new();
        for _ in 0..callers {
            let (cache, next, loads, requests) =
                (asynchronous.clone(), Arc::clone(&next), Arc::clone(&loads), Arc::clone(requests));
            running.spawn(async move {
                while let Some(&key) = requests.get(next.fetch_add(1, Relaxed)) {
                    let body = async {
                        loads.fetch_add(1, Relaxed);
                        tokio::time::sleep(BODY).await;
                        key
                    };
                    assert_eq!(cache.get_or_load(&key, body).await, key);
                }
            });
        }
        while let Some(ended) = running.join_next().await {
            ended.expect("no panic");
        }
    });
    let milliseconds = start.elapsed().as_secs_f64() * 1e3;
    let ran = Ran { milliseconds, reads: reads(url) - before, loads: loads.load(Relaxed) };
    cache.clear();
    ran
}

/// Keys as people ask for them: the n-th of them about 1/n as often as the first. The same in each run.
#[expect(clippy::cast_precision_loss, reason = "small")]
fn zipf(count: usize) -> Vec<u64> {
    let (mut state, mut sum) = (0x9e37_79b9_7f4a_7c15_u64, 0.0);
    let sums: Vec<f64> = (10..=200_000_u64)
        .map(|key| {
            sum += (key as f64).powf(-1.001);
            sum
        })
        .collect();
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut key = || {
        let wanted = random() * sum;
        10 + sums.partition_point(|&below| below < wanted) as u64
    };
    (0..count).map(|_| key()).collect()
}
