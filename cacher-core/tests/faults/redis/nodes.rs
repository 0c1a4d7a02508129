//! Two nodes on one server, each behind a network that drops, delays and holds: what a read shows that begins when a
//! write has ended and its news had time to arrive.

use std::{
    env,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use cacher_core::{core::Removal, direct::Cache};
use cacher_servers::{Proxy, Redis};

use crate::scene::{Numbers, TIMEOUT, soon};

/// What [`Redis`](cacher_core::backend::redis::Redis) promises where a connection is lost, and some for a busy machine.
const WINDOW: Duration = Duration::from_millis(1500).saturating_add(TIMEOUT);

const KEYS: u64 = 16;

/// The latest versions of a key, and when writing them had ended.
#[derive(Default)]
struct Source {
    version: AtomicU64,
    written: Mutex<Vec<(Instant, u64)>>,
}

impl Source {
    fn note(&self, version: u64) {
        let mut written = self.written.lock().expect("no panic");
        let now = Instant::now();
        written.push((now, version));
        // The latest of those that have had their time says it all.
        let old = written.iter().filter(|(when, _)| *when + WINDOW * 2 < now).count().saturating_sub(1);
        written.drain(..old);
    }

    /// The oldest version that a read may show which begins now.
    fn least(&self) -> u64 {
        let now = Instant::now();
        let written = self.written.lock().expect("no panic");
        written.iter().filter(|(when, _)| *when + WINDOW <= now).map(|(_, version)| *version).max().unwrap_or(0)
    }
}

struct World {
    sources: Vec<Source>,
    over: AtomicBool,
    reads: AtomicU64,
    writes: AtomicU64,
    unfinished: AtomicU64,
    stale: AtomicU64,
}

/// Numbers that look random, the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

impl World {
    fn new() -> Self {
        Self {
            sources: (0..KEYS).map(|_| Source::default()).collect(),
            over: AtomicBool::new(false),
            reads: AtomicU64::new(0),
            writes: AtomicU64::new(0),
            unfinished: AtomicU64::new(0),
            stale: AtomicU64::new(0),
        }
    }

    fn source(&self, key: u64) -> &Source {
        &self.sources[usize::try_from(key).expect("a small number")]
    }

    fn read(&self, node: &Numbers, key: u64) {
        let (source, started) = (self.source(key), Instant::now());
        let least = source.least();
        let seen = node.get_or_load(&key, || source.version.load(SeqCst));
        self.reads.fetch_add(1, SeqCst);
        if seen < least {
            self.stale.fetch_add(1, SeqCst);
            eprintln!("key {key}: {seen} where {least} was written, {:?}", started.elapsed());
        }
    }

    /// Changes the source, and tells the cache: nobody else changes this key.
    fn write(&self, node: &Numbers, key: u64, sets: bool) {
        let source = self.source(key);
        let version = source.version.fetch_add(1, SeqCst) + 1;
        let faults = node.stats().store_errors;
        let done = if sets { node.set(&key, version) } else { node.entry(&key).invalidate() != Removal::Pending };
        self.writes.fetch_add(1, SeqCst);
        if done && node.stats().store_errors == faults {
            source.note(version);
        } else {
            self.unfinished.fetch_add(1, SeqCst);
        }
    }

    fn until_over(&self, mut step: impl FnMut()) {
        while !self.over.load(SeqCst) {
            step();
        }
    }
}

fn node(url: &str, distributed: bool) -> Numbers {
    let builder = Cache::builder().name("nodes").backend("memory://").backend(format!("{url}?timeout=200ms"));
    let builder = builder.patience(Duration::from_millis(500));
    let builder = if distributed { builder.distributed() } else { builder };
    builder.build().expect("a cache")
}

/// A network that fails in one way after the other.
fn disturb(proxy: &Proxy, random: &mut Random) {
    match random.below(6) {
        0 => proxy.drop_all(),
        1 => proxy.hold(),
        2 => proxy.cut_after(random.below(2000)),
        3 | 4 => proxy.delay(Duration::from_millis(random.below(60))),
        _ => proxy.strand(),
    }
    thread::sleep(Duration::from_millis(random.below(300)));
    proxy.pass();
    thread::sleep(Duration::from_millis(random.below(400)));
}

fn two_nodes(distributed: bool) {
    let Some(server) = Redis::private() else { return };
    let seconds = env::var("CACHER_TEST_SECONDS").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(4);
    let proxies = [(); 2].map(|()| Proxy::before(server.address()));
    let nodes = [0, 1].map(|at: usize| node(&format!("redis://{}", proxies[at].address()), distributed));
    let world = World::new();
    thread::scope(|scope| {
        let (world, nodes, proxies) = (&world, &nodes, &proxies);
        for (at, node) in nodes.iter().enumerate() {
            let seed = at as u64;
            for reader in 0..2 {
                let mut random = Random(seed * 10 + reader);
                scope.spawn(move || world.until_over(|| world.read(node, random.below(KEYS))));
            }
            let mut random = Random(seed + 100);
            scope.spawn(move || {
                world.until_over(|| {
                    // Each node has keys of its own to write: of two that write one at once either may be the last.
                    let key = random.below(KEYS / 2) * 2 + seed;
                    world.write(node, key, key >= KEYS / 2);
                    thread::sleep(Duration::from_millis(random.below(10)));
                });
            });
            let mut random = Random(seed + 200);
            scope.spawn(move || world.until_over(|| disturb(&proxies[at], &mut random)));
        }
        thread::sleep(Duration::from_secs(seconds));
        world.over.store(true, SeqCst);
    });
    soon(|| nodes.iter().all(|node| node.stats().pending_removals == 0));
    thread::sleep(WINDOW);
    for key in 0..KEYS {
        for node in &nodes {
            world.read(node, key);
        }
    }
    let loads: u64 = nodes.iter().map(|node| node.stats().loads).sum();
    let faults: u64 = nodes.iter().map(|node| node.stats().store_errors).sum();
    println!(
        "{seconds} s, distributed {distributed}: {:?} reads, {loads} loads, {:?} writes ({:?} not finished), {faults} \
         faults, {:?} stale",
        world.reads, world.writes, world.unfinished, world.stale
    );
    assert!(world.reads.load(SeqCst) > 100 && world.writes.load(SeqCst) > 20);
    assert_eq!(world.stale.load(SeqCst), 0, "stale reads after the promised window");
}

#[test]
fn two_nodes_that_load_for_themselves() {
    two_nodes(false);
}

#[test]
fn two_nodes_that_take_turns() {
    two_nodes(true);
}
