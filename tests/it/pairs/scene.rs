//! Two stores of a test's own, of two kinds.

use std::sync::Arc;

use ::cacher::{
    Cache, Info, Source,
    backend::Backend,
    testing::{Entered, ManualClock, TempDir},
};

use super::witness::{Log, Witness};
use crate::places::{placed, store};

pub(super) type Texts = Cache<String, Vec<u8>>;

/// The kinds, each as its first and its second place. What stands for `{}` is the directory of the test.
const KINDS: &[[&str; 2]] = &[
    ["memory://?format=msgpack"; 2],
    ["file://{}/one", "file://{}/two"],
    #[cfg(feature = "sqlite")]
    ["sqlite://{}/one.db?table=posts", "sqlite://{}/two.db?table=posts"],
    #[cfg(feature = "lmdb")]
    ["lmdb://{}/one", "lmdb://{}/two"],
    #[cfg(feature = "redis")]
    // Another server: one tells of changes in all its databases alike.
    ["{redis}/8?timeout=10s", "{redis_sentinel}?timeout=10s"],
    #[cfg(feature = "memcached")]
    ["{memcached}?timeout=10s", "{memcached_other}?timeout=10s"],
    #[cfg(feature = "postgres")]
    ["{postgres}?table=pairs_one&timeout=10s", "{postgres}?table=pairs_two&timeout=10s"],
    #[cfg(feature = "mysql")]
    ["{mariadb}?table=pairs_one&timeout=10s", "{mariadb}?table=pairs_two&timeout=10s"],
    #[cfg(feature = "mongodb")]
    ["{mongodb}&collection=pairs_one&timeout=10s", "{mongodb}&collection=pairs_two&timeout=10s"],
];

/// One pair, under a clock that is moved by hand.
pub(super) struct Scene {
    name: String,
    pub(super) stores: [Arc<dyn Backend>; 2],
    /// The same stores, as [`witnessed`](Self::witnessed) uses them, and what is done to them so.
    pub(super) witnesses: [Witness; 2],
    pub(super) log: Log,
    pub(super) clock: Arc<ManualClock>,
    _in_force: Entered,
    _dir: TempDir,
}

impl Scene {
    fn new(urls: [&str; 2]) -> Self {
        // Shown where a test fails.
        println!("{} before {}", urls[0], urls[1]);
        let (clock, dir, log) = (ManualClock::new(), TempDir::new(), Log::default());
        let (in_force, path) = (clock.enter(), dir.path().display().to_string());
        let stores = urls.map(|url| store(&placed(url).expect("a server").replace("{}", &path)));
        let witness = |place: usize| Witness::new(Arc::clone(&stores[place]), place, log.clone());
        let witnesses = [witness(0), witness(1)];
        Self { name: format!("pairs::{path}"), stores, witnesses, log, clock, _in_force: in_force, _dir: dir }
    }

    /// The cache on both.
    pub(super) fn both(&self) -> Texts {
        let [upper, lower] = self.stores.clone();
        Cache::builder().name(&*self.name).backend(upper).backend(lower).build().unwrap()
    }

    /// The same, watched.
    pub(super) fn witnessed(&self) -> Texts {
        let [upper, lower] = self.witnesses.clone();
        Cache::builder().name(&*self.name).backend(upper).backend(lower).build().unwrap()
    }

    /// The cache on one of them alone. Only one cache at a time is open.
    pub(super) fn alone(&self, place: usize) -> Texts {
        Cache::builder().name(&*self.name).backend(Arc::clone(&self.stores[place])).build().unwrap()
    }

    /// In which place a value was found.
    pub(super) fn place(&self, info: &Info) -> usize {
        let Source::Store(found) = &info.source else { panic!("there is no memory: {info:?}") };
        self.stores.iter().position(|store| store.describe() == *found).expect("one of both")
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.both().clear();
        }
    }
}

/// Every pair of kinds whose servers run, one after the other.
pub(super) fn pairs() -> impl Iterator<Item = Scene> {
    let kinds: Vec<_> = KINDS.iter().filter(|kind| kind.iter().all(|url| placed(url).is_some())).collect();
    let uppers = kinds.clone().into_iter();
    uppers.flat_map(move |upper| kinds.clone().into_iter().map(move |lower| Scene::new([upper[0], lower[1]])))
}

/// A test on every pair, once for each shell. `$open!(..)` is the cache of that shell, and `$now!(..)` what an
/// operation of it comes to.
macro_rules! on_pairs {
    ($(#[$doc:meta])* $name:ident: |$scene:ident, $open:ident, $now:ident $(, $body:ident)?| $test:block) => {
        $(#[$doc])*
        mod $name {
            use super::*;

            #[test]
            fn blocking() {
                macro_rules! $open {
                    ($cache:expr) => {
                        $cache
                    };
                }
                macro_rules! $now {
                    ($operation:expr) => {
                        $operation
                    };
                }
                $(macro_rules! $body {
                    ($load:expr) => {
                        || $load
                    };
                })?
                for $scene in pairs() $test
            }

            #[tokio::test]
            async fn nonblocking() {
                macro_rules! $open {
                    ($cache:expr) => {
                        $cache.nonblocking()
                    };
                }
                macro_rules! $now {
                    ($operation:expr) => {
                        $operation.await
                    };
                }
                $(macro_rules! $body {
                    ($load:expr) => {
                        async { $load }
                    };
                })?
                for $scene in pairs() $test
            }
        }
    };
}

pub(super) use on_pairs;
