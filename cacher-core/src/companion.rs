//! What stands beside a cached function: its entries, and the whole cache.

mod entries;
mod revised;
mod stream;

pub use entries::{AsyncEntries, Entries, LocalEntries};
pub use revised::{AsyncRevisedEntry, RevisedEntry};
pub use stream::{AnswerStream, Answers};

use std::{borrow::Borrow, collections::BTreeMap, fmt, rc::Rc, time::Duration};

use crate::{
    bridge::{Shell, block_on},
    cache::{Explanation, Info, LocalOperations, SharedOperations},
    core::{Core, Removal, tokens},
    observe, registry,
    scope::CallOptions,
    settings,
    stats::Stats,
    sync::Arc,
};

macro_rules! entry {
    (
        $(#[$doc:meta])* $name:ident($pointer:ident<$operations:ty>), $shell:ident, [$($async:tt)*],
        |$future:ident| $finish:expr
    ) => {
        $(#[$doc])*
        pub struct $name<V: 'static>(pub(crate) $pointer<$operations>);

        impl<V: 'static> $name<V> {
            /// The cached value, if it is fresh. Loads nothing, counts nothing.
            #[must_use]
            pub $($async)* fn peek(&self) -> Option<V> {
                let $future = self.0.peek(Shell::$shell);
                $finish
            }

            /// Whether a fresh value is cached.
            #[must_use]
            pub $($async)* fn contains(&self) -> bool {
                let $future = self.0.info(Shell::$shell);
                ($finish).is_some()
            }

            /// Removes the value. No call that starts after this returns sees it, and no load that is under way
            /// brings it back.
            pub $($async)* fn invalidate(&self) -> Removal {
                let $future = self.0.invalidate(Shell::$shell);
                $finish
            }

            /// Stores a value as if the body had returned it. Says whether it was kept: `cache_if` may turn it down.
            pub $($async)* fn insert(&self, value: V) -> bool {
                let $future = self.0.insert(Shell::$shell, value);
                $finish
            }

            /// Lets the cached value live this long from now, and says whether there was one. Zero removes it.
            /// In a store it lives no longer than the function's TTL.
            pub $($async)* fn expire_in(&self, life: Duration) -> bool {
                let $future = self.0.expire_in(Shell::$shell, life);
                $finish
            }

            /// The same entry for a call with these options: what is inserted lives as long and has the tags that they
            /// say, tiers they leave out are neither read nor written, and a value without their tags is none.
            /// Invalidations concern all tiers.
            ///
            /// ```
            /// # use std::time::Duration;
            /// # use cacher_core::{companion::Entry, scope::CallOptions};
            /// # fn insert(entry: Entry<u64>, value: u64) {
            /// entry.with(CallOptions::new().ttl(Duration::from_secs(60)).tags(["user:7"])).insert(value);
            /// # }
            /// ```
            #[must_use]
            pub fn with(&self, options: impl Borrow<CallOptions>) -> Self {
                Self(self.0.given(&Arc::new(options.borrow().clone())))
            }

            /// What is known about the cached value, if it is fresh.
            #[must_use]
            pub $($async)* fn info(&self) -> Option<Info> {
                let $future = self.0.info(Shell::$shell);
                $finish
            }

            /// What a call would find.
            #[must_use]
            pub $($async)* fn explain(&self) -> Explanation {
                let $future = self.0.explain(Shell::$shell);
                $finish
            }
        }

        impl<V: 'static> Clone for $name<V> {
            fn clone(&self) -> Self {
                Self($pointer::clone(&self.0))
            }
        }

        impl<V: 'static> fmt::Debug for $name<V> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

entry!(
    /// The entry of one call of a sync function, by its identity arguments.
    Entry(Arc<dyn SharedOperations<V> + Send + Sync>), Sync, [], |future| block_on(future)
);
entry!(
    /// The entry of one call of an async function, by its identity arguments.
    AsyncEntry(Arc<dyn SharedOperations<V> + Send + Sync>), Async, [async], |future| future.await
);
entry!(
    /// The entry of one call of a function with `thread_local`, by its identity arguments: that of this thread.
    LocalEntry(Rc<dyn LocalOperations<V>>), Sync, [], |future| block_on(future)
);

impl<V: 'static> Entry<V> {
    /// The same entry for async callers.
    #[must_use]
    pub fn nonblocking(self) -> AsyncEntry<V> {
        AsyncEntry(self.0)
    }
}

impl<V: 'static> AsyncEntry<V> {
    /// The same entry for sync callers.
    #[must_use]
    pub fn blocking(self) -> Entry<V> {
        Entry(self.0)
    }
}

/// The whole cache of a function, of all its instantiations.
#[derive(Clone, Debug)]
pub struct Handle {
    name: Arc<str>,
    cores: Vec<Arc<Core>>,
}

/// The whole cache of an async function, of all its instantiations.
#[derive(Clone, Debug)]
pub struct AsyncHandle(Handle);

/// Every cache that has been used and still exists, in the order of first use; in an
/// [`isolated`](crate::testkit::isolated) scope those of the isolation.
#[must_use]
pub fn caches() -> Vec<Handle> {
    registry::all().into_iter().map(Handle::of).collect()
}

/// Invalidates every entry that has this tag, whatever function it is of, in one step: in the memory of this process,
/// and for all processes in the stores that they share. What is being loaded now is returned to its callers, and kept
/// nowhere.
///
/// The stores are those of functions that have been used in this process, or whose `cache()` was asked for. Where a
/// store tells of changes (Redis, PostgreSQL), the memory of other processes follows; elsewhere it serves what it has
/// until its TTL.
///
/// ```
/// # fn save() {}
/// save();
/// cacher_core::companion::invalidate_tag("user:7");
/// ```
#[expect(clippy::must_use_candidate, reason = "done for its effect")]
pub fn invalidate_tag(tag: &str) -> Removal {
    invalidate_tags(&[tag])
}

/// The same for what has any of these tags.
#[expect(clippy::must_use_candidate, reason = "done for its effect")]
pub fn invalidate_tags(tags: &[&str]) -> Removal {
    block_on(tokens::invalidate(Shell::Sync, tags))
}

/// [`invalidate_tag`] for async callers.
pub async fn invalidate_tag_async(tag: &str) -> Removal {
    tokens::invalidate(Shell::Async, &[tag]).await
}

/// [`invalidate_tags`] for async callers.
pub async fn invalidate_tags_async(tags: &[&str]) -> Removal {
    tokens::invalidate(Shell::Async, tags).await
}

/// What the settings of the process came to: in force, applied, without a cache to apply to, malformed.
///
/// Caches are known from their first use on. Before any cache is used, this is what would be in force.
///
/// ```
/// println!("{}", cacher_core::companion::configuration());
/// ```
#[must_use]
pub fn configuration() -> settings::Report {
    let caches = registry::all();
    settings::preview().report(caches.iter().map(|core| (&*core.name, &core.ruling)))
}

/// Hands over to the crate `metrics` what was counted so far, and how much each cache holds. Call it before values are
/// collected: calls that are answered from memory are counted, but not handed over one by one.
pub fn publish_metrics() {
    let mut sizes: BTreeMap<Arc<str>, Stats> = BTreeMap::new();
    for core in registry::all() {
        core.publish();
        sizes.entry(Arc::clone(&core.name)).or_default().add(&core.stats());
    }
    for (name, stats) in &sizes {
        observe::show(name, stats);
    }
}

impl Handle {
    pub(crate) fn new(name: Arc<str>, cores: Vec<Arc<Core>>) -> Self {
        Self { name, cores }
    }

    pub(crate) fn of(core: Arc<Core>) -> Self {
        Self { name: Arc::clone(&core.name), cores: vec![core] }
    }

    /// The name given with `name = ".."`, or the path of the function.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the cache has done so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let mut sum = Stats::default();
        self.cores.iter().for_each(|core| sum.add(&core.stats()));
        sum
    }

    /// How many entries the cache has: those of its last backend, expired ones that nobody has come across included.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "asks a store")]
    pub fn len(&self) -> u64 {
        block_on(self.len_in(Shell::Sync))
    }

    /// Removes every entry of this function, in memory and in its stores, and nothing else.
    #[expect(clippy::must_use_candidate, reason = "done for its effect")]
    pub fn clear(&self) -> Removal {
        block_on(self.clear_in(Shell::Sync))
    }

    /// The same cache for async callers.
    #[must_use]
    pub fn nonblocking(self) -> AsyncHandle {
        AsyncHandle(self)
    }

    async fn len_in(&self, shell: Shell) -> u64 {
        let mut sum = 0;
        for core in &self.cores {
            sum += core.len(shell).await;
        }
        sum
    }

    async fn clear_in(&self, shell: Shell) -> Removal {
        let mut removal = Removal::Absent;
        for core in &self.cores {
            removal = removal.and(core.clear(shell).await);
        }
        removal
    }
}

impl AsyncHandle {
    /// The name given with `name = ".."`, or the path of the function.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// What the cache has done so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.0.stats()
    }

    /// How many entries the cache has: those of its last backend, expired ones that nobody has come across included.
    #[expect(clippy::len_without_is_empty, reason = "asks a store")]
    pub async fn len(&self) -> u64 {
        self.0.len_in(Shell::Async).await
    }

    /// Removes every entry of this function, in memory and in its stores, and nothing else.
    pub async fn clear(&self) -> Removal {
        self.0.clear_in(Shell::Async).await
    }

    /// The same cache for sync callers.
    #[must_use]
    pub fn blocking(self) -> Handle {
        self.0
    }
}
