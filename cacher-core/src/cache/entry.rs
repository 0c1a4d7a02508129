//! One key of a cache, for those who look at it or change it without calling the function.

use std::{fmt, future::Future, pin::Pin, time::Duration};

use super::{Cache, Landing, memory::Arrival, stores::{Found, StoredKey}};
use crate::{
    bridge::Shell,
    core::{DRAIN, Removal, within},
    fence::Seat,
    key::parts::Key,
    memory::{held::Held, table::Table},
    strategy::life::{self, Terms},
    sync::Arc,
};

/// Where a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// In memory.
    Memory,
    /// In this store.
    Store(String),
}

/// What is known about a cached value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// Where it is.
    pub source: Source,
    /// How long ago it was stored.
    pub age: Duration,
    /// How much longer it is fresh; `None` if it does not expire.
    pub fresh_for: Option<Duration>,
    /// How long its load took.
    pub load_time: Duration,
}

/// What a call would find.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// The name of the cache.
    pub cache: String,
    /// The key as stores write it; `None` for a cache without stores.
    pub stored_key: Option<String>,
    /// The value that would be returned; `None` if the body would run.
    pub found: Option<Info>,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Store(store) => f.write_str(store),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.cache)?;
        match &self.found {
            None => f.write_str("not cached, the body would run")?,
            Some(info) => {
                write!(f, "a hit from {}, {:?} old, ", info.source, info.age)?;
                match info.fresh_for {
                    Some(left) => write!(f, "fresh for {left:?}")?,
                    None => f.write_str("with no end")?,
                }
            }
        }
        match &self.stored_key {
            Some(key) => write!(f, " (stored as {key})"),
            None => Ok(()),
        }
    }
}

/// A key of a cache.
pub struct Keyed<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> {
    cache: Arc<Cache<O, H, T>>,
    key: Key<O>,
    terms: Terms,
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Keyed<O, H, T> {
    pub(crate) fn new(cache: Arc<Cache<O, H, T>>, key: Key<O>, terms: Terms) -> Self {
        Self { cache, key, terms }
    }

    pub(crate) async fn peek(&self, shell: Shell) -> Option<H::Value> {
        if let Some(slot) = self.cache.slot(&self.key) {
            return Some(slot.held.value());
        }
        Some(self.found(shell).await?.value)
    }

    pub(crate) async fn info(&self, shell: Shell) -> Option<Info> {
        let core = &self.cache.core;
        if let Some((slot, facts)) = self.cache.slot(&self.key).zip(self.cache.facts(&self.key)) {
            let now = core.clock.tick();
            return Some(Info {
                source: Source::Memory,
                age: core.clock.stamp().since(facts.created),
                fresh_for: slot.mortal().then(|| slot.deadline().since(now)),
                load_time: facts.load_time,
            });
        }
        let found = self.found(shell).await?;
        let store = core.tiers()[found.tier].describe().unwrap_or_default();
        Some(Info {
            source: Source::Store(store),
            age: core.clock.stamp().since(found.times.created),
            fresh_for: (found.left != Duration::MAX).then_some(found.left),
            load_time: found.times.load_time,
        })
    }

    pub(crate) async fn explain(&self, shell: Shell) -> Explanation {
        Explanation {
            cache: self.cache.core.name.to_string(),
            stored_key: self.stored().map(|key| key.name().to_owned()),
            found: self.info(shell).await,
        }
    }

    pub(crate) async fn invalidate(&self, shell: Shell) -> Removal {
        let (seat, ()) = self.cache.fence.enter(&self.key, |_, _| ());
        let closed = seat.close();
        let mut stored = Removal::Absent;
        if let Some(key) = self.stored() {
            if within(&self.cache.core.clock, DRAIN, closed.quiet()).await.is_none() {
                self.cache.bury(&key);
                stored = Removal::Pending;
            }
            stored = stored.and(self.cache.remove_stored(shell, &key).await);
        }
        let forgotten = closed.finish(|| self.cache.forget(&self.key));
        // What was past its time was not there any more.
        stored.and(Removal::of(forgotten.is_some_and(|(_, slot)| self.cache.is_fresh(&slot))))
    }

    /// Puts a value in every tier, past which nothing older can be written.
    pub(crate) async fn insert(&self, shell: Shell, value: H::Value) -> bool {
        let cache = &self.cache;
        let terms = self.terms.with((cache.seen)(&value));
        let now = cache.core.clock.stamp();
        let random = life::random(self.key.hash, cache.core.clock.tick());
        let Some(lifetime) = life::lifetime(&cache.core.config.life, &terms, now, random) else {
            cache.core.counters.refusals.add(1);
            return false;
        };
        let (mut seat, ()) = cache.fence.enter(&self.key, |_, _| ());
        seat.renew();
        self.put(shell, &seat, value, lifetime).await
    }

    pub(crate) async fn expire_in(&self, shell: Shell, life: Duration) -> bool {
        // The seat comes before the read: what is invalidated meanwhile must not come back.
        let (seat, ()) = self.cache.fence.enter(&self.key, |_, _| ());
        let seat = seat.tentative();
        match self.peek(shell).await {
            Some(_) if life.is_zero() => self.invalidate(shell).await != Removal::Absent,
            Some(value) => self.put(shell, &seat, value, life).await,
            None => false,
        }
    }

    async fn put(&self, shell: Shell, seat: &Seat<O, Landing<H>>, value: H::Value, lifetime: Duration) -> bool {
        let cache = &self.cache;
        let times = cache.times(cache.core.clock.stamp(), Duration::ZERO, lifetime);
        if let Some(stored) = self.stored() {
            cache.write(shell, seat, (&stored, &self.key), &value, times, cache.core.tiers()).await;
        }
        let weight = cache.weight(&value);
        let held = H::hold(value);
        let arrival = Arrival { held, lifetime, weight, created: times.created, load_time: Duration::ZERO };
        cache.publish(seat, &self.key, arrival) || (cache.core.has_stores() && seat.is_current())
    }

    fn stored(&self) -> Option<StoredKey> {
        self.cache.stored_key(&self.key)
    }

    async fn found(&self, shell: Shell) -> Option<Found<H::Value>> {
        self.cache.read(shell, &self.stored()?, &self.terms).await
    }
}

/// The operations of a key, free of its types but the value's.
macro_rules! operations {
    ($(#[$doc:meta])* $trait:ident, [$($send:tt)*], [$($bounds:tt)*]) => {
        $(#[$doc])*
        pub trait $trait<V> $($bounds)* {
            #[doc(hidden)]
            fn peek(&self, shell: Shell) -> Pin<Box<dyn Future<Output = Option<V>> $($send)* + '_>>;
            fn info(&self, shell: Shell) -> Pin<Box<dyn Future<Output = Option<Info>> $($send)* + '_>>;
            fn explain(&self, shell: Shell) -> Pin<Box<dyn Future<Output = Explanation> $($send)* + '_>>;
            fn invalidate(&self, shell: Shell) -> Pin<Box<dyn Future<Output = Removal> $($send)* + '_>>;
            fn insert<'a>(&'a self, shell: Shell, value: V) -> Pin<Box<dyn Future<Output = bool> $($send)* + 'a>>
            where
                V: 'a;
            fn expire_in(&self, shell: Shell, life: Duration)
            -> Pin<Box<dyn Future<Output = bool> $($send)* + '_>>;
        }

        impl<O, H, T> $trait<H::Value> for Keyed<O, H, T>
        where
            O: Eq + Clone $($send)* + 'static,
            H: Held $($send)*,
            H::Value: 'static $($send)*,
            T: Table<O, H> $($send)*,
        {
            fn peek(&self, shell: Shell) -> Pin<Box<dyn Future<Output = Option<H::Value>> $($send)* + '_>> {
                Box::pin(self.peek(shell))
            }
            fn info(&self, shell: Shell) -> Pin<Box<dyn Future<Output = Option<Info>> $($send)* + '_>> {
                Box::pin(self.info(shell))
            }
            fn explain(&self, shell: Shell) -> Pin<Box<dyn Future<Output = Explanation> $($send)* + '_>> {
                Box::pin(self.explain(shell))
            }
            fn invalidate(&self, shell: Shell) -> Pin<Box<dyn Future<Output = Removal> $($send)* + '_>> {
                Box::pin(self.invalidate(shell))
            }
            fn insert<'a>(
                &'a self,
                shell: Shell,
                value: H::Value,
            ) -> Pin<Box<dyn Future<Output = bool> $($send)* + 'a>>
            where
                H::Value: 'a,
            {
                Box::pin(self.insert(shell, value))
            }
            fn expire_in(&self, shell: Shell, life: Duration)
            -> Pin<Box<dyn Future<Output = bool> $($send)* + '_>> {
                Box::pin(self.expire_in(shell, life))
            }
        }
    };
}

operations!(/// Of a key that threads share.
    SharedOperations, [+ Send + Sync], [: Send + Sync]);
operations!(/// Of a key of one thread.
    LocalOperations, [], []);
