//! A cache without a function: what is kept under a key is set, read and changed by hand.

mod builder;
mod inner;
mod key;

use std::{
    fmt,
    hash::Hash,
    time::{Duration, SystemTime},
};

use serde::{Serialize, de::DeserializeOwned};

pub use builder::CacheBuilder;
use inner::Inner;
pub use key::AsKey;

use crate::{
    bridge::{Shell, block_on},
    companion::{AsyncEntry, Entry},
    core::Removal,
    error::Result,
    returns::{Fallible, Mode, Plain, Returns},
    rt::{self, Step},
    stats::Stats,
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
    #[must_use]
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

    /// The value under `key`, loaded by `body` if there is none. Of several callers at once one loads; the others wait
    /// for its value, or load themselves if waiting would be in vain.
    ///
    /// # Panics
    /// In the scope [`only_if_cached`](crate::scope::only_if_cached), if there is none.
    pub fn get_or_load<Q: AsKey<K> + ?Sized>(&self, key: &Q, body: impl FnOnce() -> V) -> V {
        self.load(key, Returns::values(Plain), body)
    }

    /// The same with a body that may fail. Its error is returned and not kept: the next caller loads.
    ///
    /// # Errors
    /// Those of `body`.
    ///
    /// # Panics
    /// As [`get_or_load`](Self::get_or_load).
    pub fn try_get_or_load<Q, E>(&self, key: &Q, body: impl FnOnce() -> Result<V, E>) -> Result<V, E>
    where
        Q: AsKey<K> + ?Sized,
    {
        self.load(key, Returns::values(Fallible), body)
    }

    fn load<Q, M, R>(&self, key: &Q, returns: Returns<M, R>, body: impl FnOnce() -> R) -> R
    where
        Q: AsKey<K> + ?Sized,
        M: Mode<R, Value = V>,
    {
        let further = match self.0.look(key) {
            Ok(value) => return M::returned(value),
            Err(further) => further,
        };
        let mut leader = match block_on(further.answer(Shell::Sync, returns)) {
            Step::Done(returned) => return returned,
            Step::Run(leader) => leader,
        };
        let returned = leader.run(body);
        match rt::outcome(leader, &returns, returned) {
            Step::Done(returned) => returned,
            Step::Run(storing) => storing.finish(&returns),
        }
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
}

impl<K, V> AsyncCache<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// The value under `key`, loaded by `body` if there is none. Of several callers at once one loads; the others wait
    /// for its value, or load themselves if waiting would be in vain. Dropped half-way, it leaves the load to the next.
    ///
    /// # Panics
    /// In the scope [`only_if_cached`](crate::scope::only_if_cached), if there is none.
    pub async fn get_or_load<Q: AsKey<K> + ?Sized>(&self, key: &Q, body: impl Future<Output = V>) -> V {
        self.load(key, Returns::values(Plain), body).await
    }

    /// The same with a body that may fail. Its error is returned and not kept: the next caller loads.
    ///
    /// # Errors
    /// Those of `body`.
    ///
    /// # Panics
    /// As [`get_or_load`](Self::get_or_load).
    pub async fn try_get_or_load<Q, E>(&self, key: &Q, body: impl Future<Output = Result<V, E>>) -> Result<V, E>
    where
        Q: AsKey<K> + ?Sized,
    {
        self.load(key, Returns::values(Fallible), body).await
    }

    async fn load<Q, M, R>(&self, key: &Q, returns: Returns<M, R>, body: impl Future<Output = R>) -> R
    where
        Q: AsKey<K> + ?Sized,
        M: Mode<R, Value = V>,
    {
        let further = match self.0.look(key) {
            Ok(value) => return M::returned(value),
            Err(further) => further,
        };
        let mut leader = match further.answer(Shell::Async, returns).await {
            Step::Done(returned) => return returned,
            Step::Run(leader) => leader,
        };
        let returned = leader.drive(std::pin::pin!(body)).await;
        match rt::outcome(leader, &returns, returned) {
            Step::Done(returned) => returned,
            Step::Run(storing) => storing.finish_async(&returns).await,
        }
    }

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
}

macro_rules! shell {
    ($name:ident, $shell:ident, [$($async:tt)*], |$future:ident| $finish:expr) => {
        impl<K, V> $name<K, V>
        where
            K: Hash + Eq + Clone + Send + Sync + 'static,
            V: Clone + Send + Sync + 'static,
        {
            /// The value under `key`, if it is fresh: from memory, or from the first store that has it, and then it
            /// goes to those before that one too. Counts as a hit or a miss.
            pub $($async)* fn get<Q: AsKey<K> + ?Sized>(&self, key: &Q) -> Option<V> {
                let $future = self.0.get(Shell::$shell, key);
                $finish
            }

            /// The values under `keys`, in their order, each as [`get`](Self::get) returns it.
            pub $($async)* fn get_many<'a, Q, I>(&self, keys: I) -> Vec<Option<V>>
            where
                Q: AsKey<K> + ?Sized + 'a,
                I: IntoIterator<Item = &'a Q>,
            {
                let $future = self.0.get_many(Shell::$shell, keys);
                $finish
            }

            /// Whether a fresh value is kept under `key`. Counts nothing.
            #[must_use]
            pub $($async)* fn contains<Q: AsKey<K> + ?Sized>(&self, key: &Q) -> bool {
                let $future = self.0.contains(Shell::$shell, key);
                $finish
            }

            /// Keeps `value` under `key` in place of what was there, and says whether it is kept: not if a strategy
            /// turns it down, if it is too large for memory and there is no store, or if something newer came first.
            /// Then what was there before is gone too.
            ///
            /// It lives for the TTL of the cache, or of [`with_ttl`](Self::with_ttl).
            #[expect(clippy::must_use_candidate, reason = "done for its effect")]
            pub $($async)* fn set<Q: AsKey<K> + ?Sized>(&self, key: &Q, value: V) -> bool {
                let $future = self.0.set(Shell::$shell, key, value);
                $finish
            }

            /// Keeps `value` if nothing fresh is under `key`, and says whether it did. Of several in this process that
            /// try at once, one does; other processes are not kept out.
            pub $($async)* fn set_if_absent<Q: AsKey<K> + ?Sized>(&self, key: &Q, value: V) -> bool {
                let $future = self.0.set_if_absent(Shell::$shell, key, value);
                $finish
            }

            /// Keeps several values, each as [`set`](Self::set) does, and says how many are kept.
            #[expect(clippy::must_use_candidate, reason = "done for its effect")]
            pub $($async)* fn set_many<'a, Q, I>(&self, entries: I) -> u64
            where
                Q: AsKey<K> + ?Sized + 'a,
                I: IntoIterator<Item = (&'a Q, V)>,
            {
                let $future = self.0.set_many(Shell::$shell, entries);
                $finish
            }

            /// Puts in place of the value under `key` what `change` makes of it, and returns that. `change` gets `None`
            /// if nothing fresh is there; if it returns `None`, all stays as it is.
            ///
            /// No change in this process is lost: if something else is put there or removed before the new value is,
            /// `change` is asked again with what is there then. It must not change the same key itself. If others come
            /// first for five seconds, the new value is returned, and not kept, which is reported to
            /// [`on_fault`](crate::fault::on_fault). Of two processes that update a value in a store at once, the
            /// later write stands.
            #[expect(clippy::must_use_candidate, reason = "done for its effect")]
            pub $($async)* fn update<Q, F>(&self, key: &Q, change: F) -> Option<V>
            where
                Q: AsKey<K> + ?Sized,
                F: FnMut(Option<V>) -> Option<V>,
            {
                let $future = self.0.update(Shell::$shell, key, change);
                $finish
            }

            /// Removes the value under `key`, and says whether a fresh one was there. No operation that starts after
            /// this returns sees it, and no load that is under way brings it back, whatever the answer: a store that
            /// can't be reached is asked again later. Of several that remove it at once from several backends, more
            /// than one may have found it there.
            #[expect(clippy::must_use_candidate, reason = "done for its effect")]
            pub $($async)* fn delete<Q: AsKey<K> + ?Sized>(&self, key: &Q) -> bool {
                let $future = self.0.delete(Shell::$shell, key);
                $finish
            }

            /// Removes several values, each as [`delete`](Self::delete) does, and says how many were there.
            #[expect(clippy::must_use_candidate, reason = "done for its effect")]
            pub $($async)* fn delete_many<'a, Q, I>(&self, keys: I) -> u64
            where
                Q: AsKey<K> + ?Sized + 'a,
                I: IntoIterator<Item = &'a Q>,
            {
                let $future = self.0.delete_many(Shell::$shell, keys);
                $finish
            }

            /// Lets the value under `key` live this long from now, and says whether there was one. Zero removes it;
            /// [`Duration::MAX`] keeps it for ever.
            pub $($async)* fn expire_in<Q: AsKey<K> + ?Sized>(&self, key: &Q, life: Duration) -> bool {
                let $future = self.0.expire_in(Shell::$shell, key, life);
                $finish
            }

            /// Lets the value under `key` live until then, and says whether there was one. A time that has passed
            /// removes it.
            pub $($async)* fn expire_at<Q: AsKey<K> + ?Sized>(&self, key: &Q, time: SystemTime) -> bool {
                let $future = self.0.expire_at(Shell::$shell, key, time);
                $finish
            }

            /// Removes every entry of this cache, in memory and in its stores, and nothing else.
            #[expect(clippy::must_use_candidate, reason = "done for its effect")]
            pub $($async)* fn clear(&self) -> Removal {
                let $future = self.0.core.clear(Shell::$shell);
                $finish
            }

            /// How many entries there are: those of the last backend, expired ones that nobody has come across
            /// included.
            #[must_use]
            #[expect(clippy::len_without_is_empty, reason = "asks a store")]
            pub $($async)* fn len(&self) -> u64 {
                let $future = self.0.core.len(Shell::$shell);
                $finish
            }

            /// Removes what expired more than a quarter of a second ago, from memory and from stores. The cache does
            /// so itself now and then.
            pub $($async)* fn purge(&self) {
                let $future = self.0.core.purge(Shell::$shell);
                $finish
            }
        }

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

shell!(Cache, Sync, [], |future| block_on(future));
shell!(AsyncCache, Async, [async], |future| future.await);
