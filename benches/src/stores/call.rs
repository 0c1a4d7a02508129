//! A hit and a write of a cached function, beside the driver's own call and the work on the entry.

use std::{
    collections::{HashMap, HashSet},
    hint::black_box,
    io,
    path::Path,
};

use cacher::{backend::Backend, testing::TempDir};
use cacher_core::envelope::inspect;

use super::{
    driver::Driver,
    envelope::Sealing,
    head, line,
    place::Kind,
    sample::{Function, value},
    stopwatch::nanos,
    takes,
};

/// How many entries a store has.
const KEYS: u64 = 64;

/// Times in nanoseconds: the driver's own call, the work on the entry, and both by the cached function.
struct Times([f64; 3]);

impl Times {
    fn cell(&self) -> String {
        let [own, work, ours] = self.0;
        let micros =
            |nanos: f64| if nanos < 99_500.0 { format!("{:.1}", nanos / 1e3) } else { format!("{:.0}", nanos / 1e3) };
        format!("{:.2}: {} / {} + {}", ours / (own + work), micros(ours), micros(own), micros(work))
    }
}

/// Prints the tables of hits and writes for values of so many posts.
pub(super) fn measure(posts: usize) -> io::Result<()> {
    let mut writes = HashMap::new();
    println!(
        "\nA hit, values of {posts} posts: ratio, and microseconds of the hit / the driver's own call + decode.\n"
    );
    head("store");
    for kind in Kind::ALL {
        line(kind.name(), |format| {
            if !takes(kind, format) {
                return Ok("-".into());
            }
            let [hit, write] = one(kind, format, posts)?;
            writes.insert((kind.name(), format), write.cell());
            Ok(hit.cell())
        })?;
    }
    println!("\nA write, values of {posts} posts: the same with what makes, encodes and seals the value.\n");
    head("store");
    for kind in Kind::ALL {
        line(kind.name(), |format| Ok(writes.remove(&(kind.name(), format)).unwrap_or_else(|| "-".into())))?;
    }
    Ok(())
}

/// A hit and a write.
fn one(kind: Kind, format: &'static str, posts: usize) -> io::Result<[Times; 2]> {
    let dir = TempDir::new();
    let subject = Subject::new(kind, format, posts, dir.path())?;
    Ok([subject.hit(), subject.write()])
}

/// A function, the driver beside it, and what they both store.
struct Subject {
    function: Function,
    driver: Box<dyn Driver>,
    sealing: Sealing,
    posts: usize,
    /// The name and the bytes of each number's entry.
    entries: Vec<(String, Vec<u8>)>,
}

impl Subject {
    fn new(kind: Kind, format: &'static str, posts: usize, dir: &Path) -> io::Result<Self> {
        let store = kind.store(dir, format)?;
        let function =
            Function::over(&store).ok_or_else(|| io::Error::other("there are more stores than functions"))?;
        let sealing = Sealing::of(format)?;
        let mut seen = HashSet::new();
        let entries = (0..KEYS).map(|n| {
            function.store(n, posts);
            newest(&*store, &mut seen)
        });
        let entries = entries.collect::<io::Result<Vec<_>>>()?;
        let driver = kind.driver(dir)?;
        for (n, (name, entry)) in (0..).zip(&entries) {
            assert!(driver.put(name, entry), "the driver stores");
            assert_eq!(driver.get(name).as_ref(), Some(entry), "the driver gives back");
            assert_eq!(sealing.open(n, entry), Some(value(n, posts)), "the entry opens");
        }
        assert_eq!(function.stats().store_errors, 0, "all was stored");
        Ok(Self { function, driver, sealing, posts, entries })
    }

    fn entry(&self, call: u64) -> (u64, &str, &[u8]) {
        let n = call % KEYS;
        let (name, entry) = &self.entries[usize::try_from(n).unwrap_or(0)];
        (n, name, entry)
    }

    fn hit(&self) -> Times {
        let loads = self.function.stats().loads;
        let times = nanos([
            &mut |call| drop(black_box(self.driver.get(self.entry(call).1))),
            &mut |call| {
                let (n, _, entry) = self.entry(call);
                drop(black_box(self.sealing.open(n, black_box(entry))));
            },
            &mut |call| drop(black_box(self.function.load(call % KEYS, self.posts))),
        ]);
        assert_eq!(self.function.stats().loads, loads, "each was a hit");
        Times(times)
    }

    fn write(&self) -> Times {
        let header = self.entries.first().and_then(|(_, entry)| inspect(entry));
        let times = nanos([
            &mut |call| {
                let (_, name, entry) = self.entry(call);
                // Or else SQLite sees that nothing changes, and writes nothing.
                let changed = [&call.to_le_bytes(), &entry[size_of::<u64>()..]].concat();
                assert!(self.driver.put(name, &changed), "the driver stores");
            },
            &mut |call| {
                let n = call % KEYS;
                let made = value(n, self.posts);
                drop(black_box(header.as_ref().and_then(|header| self.sealing.seal(n, &made, header))));
            },
            &mut |call| drop(black_box(self.function.store(call % KEYS, self.posts))),
        ]);
        assert_eq!(self.function.stats().store_errors, 0, "each was stored");
        Times(times)
    }
}

/// The name and the bytes of the entry that was not there before.
fn newest(store: &dyn Backend, seen: &mut HashSet<String>) -> io::Result<(String, Vec<u8>)> {
    let mut found = None;
    let scan = store.scan("measured", &mut |scanned| {
        let name = scanned.key.name.to_string();
        if seen.insert(name.clone()) {
            found = Some((name, scanned.entry));
        }
        true
    });
    scan.map_err(io::Error::other)?;
    found.ok_or_else(|| io::Error::other("nothing was stored"))
}
