//! How a hit and a write grow with the number of entries.

use std::{
    hint::black_box,
    io,
    ops::Range,
    path::Path,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use cacher::{
    Cache,
    backend::{Backend, Put, bytes::Bytes},
    testing::TempDir,
};

use super::{
    place::{Kind, taken},
    sample::{SMALL, Value, value},
    stopwatch::nanos,
};

/// The steps, and up to which each store goes.
const STEPS: [u64; 4] = [1_000, 10_000, 100_000, 1_000_000];
const STORES: [(Kind, u64); 4] =
    [(Kind::Sqlite, 1_000_000), (Kind::Lmdb, 1_000_000), (Kind::File, 100_000), (Kind::Joint, 10_000)];

/// How many entries are put at once.
const BATCH: u64 = 10_000;
/// How long entries live.
pub(super) const LIFE: Duration = Duration::from_hours(1);
const NAME: &str = "grown";

/// Prints the table.
pub(super) fn measure() -> io::Result<()> {
    println!("\nHits and writes of 200 bytes, by the number of entries: microseconds.\n");
    println!("| store | entries | hit | write | filled in | on disk |\n|---|---:|---:|---:|---:|---:|");
    for (kind, most) in STORES {
        let format = if kind == Kind::Joint { "json" } else { "msgpack" };
        let dir = TempDir::new();
        let mut grown = Grown::new(kind, format, SMALL, dir.path())?;
        for entries in STEPS.into_iter().filter(|entries| *entries <= most) {
            let begin = Instant::now();
            grown.grow(entries)?;
            let filled = begin.elapsed().as_secs_f64();
            let [hit, write] = grown.times().map(|nanos| nanos / 1e3);
            let mib = taken(dir.path())? >> 20;
            println!("| {} | {entries} | {hit:.1} | {write:.1} | {filled:.1} s | {mib} MiB |", kind.name());
        }
    }
    Ok(())
}

/// A store that is filled by and by, and a cache over it.
pub(super) struct Grown {
    store: Arc<dyn Backend>,
    cache: Cache<u64, Value>,
    format: &'static str,
    posts: usize,
    entries: u64,
}

impl Grown {
    pub(super) fn new(kind: Kind, format: &'static str, posts: usize, dir: &Path) -> io::Result<Self> {
        let store = kind.store(dir, format)?;
        let cache = Cache::builder().name(NAME).ttl(LIFE).backend(Arc::clone(&store)).build();
        Ok(Self { cache: cache.map_err(io::Error::other)?, store, format, posts, entries: 0 })
    }

    /// Fills it up to so many entries.
    pub(super) fn grow(&mut self, entries: u64) -> io::Result<()> {
        while self.entries < entries {
            let upto = entries.min(self.entries + BATCH);
            let puts = Self::entries(self.format, self.posts, self.entries..upto, LIFE)?;
            self.store.put_many(&puts).map_err(io::Error::other)?;
            self.entries = upto;
        }
        assert_eq!(self.store.len(NAME).map_err(io::Error::other)?, entries, "all are there");
        Ok(())
    }

    /// Entries as a cache of this name writes them.
    pub(super) fn entries(
        format: &'static str,
        posts: usize,
        numbers: Range<u64>,
        life: Duration,
    ) -> io::Result<Vec<Put>> {
        let bytes = Bytes::new().format(format);
        let cache = Cache::builder().name(NAME).ttl(life).backend(bytes.clone()).build();
        let cache: Cache<u64, Value> = cache.map_err(io::Error::other)?;
        for n in numbers {
            assert!(cache.set(&n, value(n, posts)), "it is kept");
        }
        let (mut puts, expires) = (Vec::new(), Some(SystemTime::now() + life));
        let scan = bytes.scan(NAME, &mut |found| {
            puts.push(Put { key: found.key, entry: found.entry, expires });
            true
        });
        scan.map_err(io::Error::other)?;
        Ok(puts)
    }

    /// A hit and a write, anywhere in the store, in nanoseconds.
    fn times(&self) -> [f64; 2] {
        // As good as at random, and each number comes in its turn.
        let anywhere = |call: u64| call.wrapping_mul(0x9E37_79B9_7F4A_7C15) % self.entries;
        nanos([&mut |call| assert!(black_box(self.cache.get(&anywhere(call))).is_some(), "it is there"), &mut |call| {
            let n = anywhere(call);
            assert!(self.cache.set(&n, value(n, self.posts)), "it is kept");
        }])
    }
}
