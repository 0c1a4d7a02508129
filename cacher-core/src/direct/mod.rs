//! A cache without a function: what is kept under a key is set, read and changed by hand.

mod builder;
mod inner;
mod key;
mod load;
mod operations;

use std::{
    fmt,
    hash::Hash,
    time::{Duration, SystemTime},
};

use serde::{Serialize, de::DeserializeOwned};

pub use builder::CacheBuilder;
use inner::Inner;
pub use key::AsKey;

#[cfg(cacher_shuttle)]
use crate::strategy::life::Terms;
use crate::{
    companion::{AsyncEntry, AsyncRevisedEntry, Entry, RevisedEntry},
    error::Result,
    stats::Stats,
    sync::Arc,
};

/// Values under keys, in memory, in stores, or both: a cache without a function.
///
/// It is shared: a clone is the same cache, which goes with its last clone. What is in a store stays there, for the
/// next cache of the same name. The laws are those of functions with a cache: values past their time are not returned,
/// what was deleted is not brought back by a load that began before, there is one load per key at a time, and a store
/// that fails is a miss, which is counted and reported to [`on_fault`](crate::fault::on_fault).
///
/// Keys are passed by reference, or as what they borrow as: a `&str` for a `String`. Memory asks for no more than
/// `Clone` of values; stores ask for serde. Async callers take [`nonblocking`](Self::nonblocking).
///
/// `get_or_load` is answered as the scope in force says, such as [`bypass`](crate::scope::bypass); all other operations
/// are the same in every scope.
///
/// ```
/// use std::time::Duration;
/// use cacher_core::direct::Cache;
///
/// let users: Cache<String, u64> = Cache::builder().capacity(1000).ttl(Duration::from_secs(60)).build()?;
/// assert!(users.set("ann", 1));
/// assert_eq!((users.get("ann"), users.get("bob")), (Some(1), None));
/// assert_eq!(users.get_or_load("bob", || 2), 2);
/// assert_eq!(users.update("bob", |old| Some(old? + 1)), Some(3));
/// assert!(users.delete("bob"));
/// # Ok::<(), cacher_core::error::Error>(())
/// ```
pub struct Cache<K, V: Clone + 'static>(Inner<K, V>);

/// A [`Cache`] for async callers.
pub struct AsyncCache<K, V: Clone + 'static>(Inner<K, V>);

impl<K, V> Cache<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// A cache to be set up: in memory, without a bound, until something else is said.
    pub fn builder() -> CacheBuilder<K, V> {
        CacheBuilder::new()
    }

    /// A cache at a URL: `memory://?capacity=1000`, `sqlite://cache.db?table=users`.
    ///
    /// Asks for serde, because the URL may name a store; [`builder`](Self::builder) does not. Give a cache whose
    /// entries outlive the program a [`name`](CacheBuilder::name): without one they stand under the types, which may
    /// be called differently by another compiler.
    ///
    /// # Errors
    /// Those of [`CacheBuilder::build`].
    pub fn from_url(url: &str) -> Result<Self>
    where
        K: Serialize,
        V: Serialize + DeserializeOwned,
    {
        Self::builder().backend(url).build()
    }

    /// The same cache for async callers.
    #[must_use]
    pub fn nonblocking(&self) -> AsyncCache<K, V> {
        AsyncCache(self.0.clone())
    }

    /// What is kept under one key: to look at it without counting, and to see where it is and how long it lives.
    #[must_use]
    pub fn entry<Q: AsKey<K> + ?Sized>(&self, key: &Q) -> Entry<V> {
        self.0.entry(key)
    }

    /// The same with the values that were kept before, in a cache with [`revisions`](CacheBuilder::revisions).
    #[must_use]
    pub fn revised<Q: AsKey<K> + ?Sized>(&self, key: &Q) -> RevisedEntry<V> {
        RevisedEntry::new(Arc::new(self.0.at(key)))
    }
}

/// What only the attribute says in other builds, for tests of schedules.
#[cfg(cacher_shuttle)]
impl<K, V> Cache<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// The same cache, whose new values have these terms.
    #[must_use]
    pub fn with_terms(&self, change: impl FnOnce(Terms) -> Terms) -> Self {
        Self(self.0.with(change))
    }
}

impl<K, V> AsyncCache<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// The same cache for sync callers.
    #[must_use]
    pub fn blocking(&self) -> Cache<K, V> {
        Cache(self.0.clone())
    }

    /// What is kept under one key: to look at it without counting, and to see where it is and how long it lives.
    #[must_use]
    pub fn entry<Q: AsKey<K> + ?Sized>(&self, key: &Q) -> AsyncEntry<V> {
        self.0.entry(key).nonblocking()
    }

    /// The same with the values that were kept before, in a cache with [`revisions`](CacheBuilder::revisions).
    #[must_use]
    pub fn revised<Q: AsKey<K> + ?Sized>(&self, key: &Q) -> AsyncRevisedEntry<V> {
        AsyncRevisedEntry::new(Arc::new(self.0.at(key)))
    }
}

macro_rules! shell {
    ($name:ident) => {
        impl<K, V> $name<K, V>
        where
            K: Hash + Eq + Clone + Send + Sync + 'static,
            V: Clone + Send + Sync + 'static,
        {
            /// The same cache, whose new values live this long: those that are set, updated or loaded by way of what
            /// this returns. [`Duration::MAX`] is for ever; zero is not kept at all.
            #[must_use]
            pub fn with_ttl(&self, ttl: Duration) -> Self {
                Self(self.0.with(|terms| terms.ttl(ttl)))
            }

            /// The same cache, whose new values live until then, and no longer than their TTL.
            #[must_use]
            pub fn with_expiry(&self, time: SystemTime) -> Self {
                Self(self.0.with(|terms| terms.expires_at(time)))
            }

            /// The name it was given, or `Cache<K, V>` with its types.
            #[must_use]
            pub fn name(&self) -> &str {
                &self.0.core.name
            }

            /// What the cache has done so far.
            #[must_use]
            pub fn stats(&self) -> Stats {
                self.0.core.stats()
            }
        }

        impl<K, V: Clone + 'static> Clone for $name<K, V> {
            fn clone(&self) -> Self {
                Self(self.0.clone())
            }
        }

        impl<K, V: Clone + 'static> fmt::Debug for $name<K, V> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).field("name", &self.0.core.name).finish_non_exhaustive()
            }
        }
    };
}

shell!(Cache);
shell!(AsyncCache);
