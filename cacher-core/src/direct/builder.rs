//! Setting a cache up.

use std::{any::type_name, fmt, hash::Hash, time::Duration};

use serde::{Serialize, de::DeserializeOwned};

use super::{
    Cache,
    inner::{Inner, Open, Typed},
    key::Kept,
};
use crate::{
    cache::Typed as Types,
    claims::Owner,
    codec::{Codec, Codecs, Stored},
    core::{Config, Core},
    error::{Error, Kind, Result},
    format::IntoFormat,
    keyer::Keyer,
    memory::{table::Bound, weight::Weigh},
    schema::{Fingerprint, Schema},
    strategy::{RateLimit, Strategy, life::Terms},
    sync::Arc,
    tier::{IntoBackend, Opening},
    wrap::{Wraps, background::Background, limited::Limits},
};

/// A [`Cache`] to be set up.
#[must_use = "nothing is set up before `build`"]
pub struct CacheBuilder<K, V> {
    name: Option<String>,
    backends: Vec<Result<Opening>>,
    ttl: Option<Duration>,
    strategies: Vec<Arc<dyn Strategy>>,
    config: Config,
    weigh: fn(&V) -> u64,
    /// How keys and values become bytes, if there are backends.
    codec: Option<Codec<Kept<K>, V>>,
    schema: Option<Fingerprint>,
}

impl<K, V> fmt::Debug for CacheBuilder<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheBuilder").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<K, V> CacheBuilder<K, V> {
    pub(super) fn new() -> Self {
        Self {
            name: None,
            backends: Vec::new(),
            ttl: None,
            strategies: Vec::new(),
            config: Config { arguments: &["key"], ..Config::default() },
            weigh: |_| 1,
            codec: None,
            schema: None,
        }
    }

    /// What the cache is called in statistics, faults and stores: its entries stand under this name. `Cache<K, V>` with
    /// the types by default.
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// Where entries are kept: a URL, a [`Backend`](crate::backend::Backend), an `Arc` of one, or a `Result` of any of
    /// these. Said several times, the first is asked first, and all are written; `memory://` is typed memory, which
    /// always comes first. In memory alone by default.
    pub fn backend<M>(mut self, backend: impl IntoBackend<M>) -> Self
    where
        K: Serialize,
        V: Serialize + DeserializeOwned,
    {
        self.backends.push(backend.into_opening());
        self.codec = Stored::codec();
        self
    }

    /// How long values live; for ever by default.
    pub fn ttl(self, ttl: Duration) -> Self {
        Self { ttl: Some(ttl), ..self }
    }

    /// The most that is taken off a life at random, and never more than half of it, so that what was set together does
    /// not expire together; nothing by default.
    pub fn jitter(mut self, jitter: Duration) -> Self {
        self.config.life.jitter = Some(jitter);
        self
    }

    /// How many entries memory holds, or the first backend if that is a store; no bound by default. In place of the one
    /// that a URL says.
    pub fn capacity(mut self, entries: u64) -> Self {
        self.config.bound = Some(Bound::Entries(entries));
        self
    }

    /// How many bytes memory holds, as [`Weigh`] says; no bound by default. Of the first backend, if that is a store, as
    /// they are stored.
    pub fn max_bytes(mut self, bytes: u64) -> Self
    where
        V: Weigh,
    {
        self.config.bound = Some(Bound::Bytes(bytes));
        self.weigh = V::weigh;
        self
    }

    /// What the first backend keeps at most, which is a store: entries, bytes, age, what is idle or seldom asked for, in
    /// any combination, and which entry makes room. In place of the limits that its URL says; no limits by default.
    /// Typed memory has an order of its own, and knows [`capacity`](Self::capacity) and [`max_bytes`](Self::max_bytes).
    ///
    /// ```
    /// # #[cfg(feature = "msgpack")] {
    /// use cacher_core::{direct::Cache, wrap::limited::{Eviction, Limits}};
    ///
    /// let limits = Limits::new().entries(1000).eviction(Eviction::Lfu);
    /// let names: Cache<u64, String> = Cache::builder().backend("memory://?format=msgpack").limits(limits).build()?;
    /// # }
    /// # Ok::<(), cacher_core::error::Error>(())
    /// ```
    pub fn limits(mut self, limits: Limits) -> Self {
        self.config.wraps.limits = limits;
        self
    }

    /// How values become bytes in the backends that don't say it themselves: `"msgpack+zstd"`, or a
    /// [`Format`](crate::format::Format). As each prefers by default.
    pub fn format<M>(mut self, format: impl IntoFormat<M>) -> Self {
        self.config.format = Some(format.into_format());
        self
    }

    /// Writes into entries what values are made of, so that those that a version with another type wrote are a miss, and
    /// never a wrong value; see [`Schema`]. Of no account without a store.
    pub fn schema(self) -> Self
    where
        V: Schema,
    {
        Self { schema: Some(Fingerprint::of::<V>()), ..self }
    }

    /// How stores write keys; [`Hash`](crate::keyer::Hash) by default.
    pub fn keyer(mut self, keyer: impl Keyer) -> Self {
        self.config.keyer = Some(Arc::new(keyer));
        self
    }

    /// Writes to stores later than it says so, and finds at once what waits; through by default. The cache's last clone
    /// writes what waits, and [`shutdown`](crate::wrap::background::shutdown) does for a program that ends.
    pub fn write(mut self, background: Background) -> Self {
        self.config.wraps.background = Some(background);
        self
    }

    /// How many of the latest values of a key the last store keeps, at least 1: see [`Cache::revised`]. The last alone
    /// by default.
    pub fn revisions(mut self, most: usize) -> Self {
        self.config.wraps.revisions = Some(most);
        self
    }

    /// Moves an expired entry of the last store aside, under its time, before a new one is written; it is replaced by
    /// default. See [`Archived`](crate::wrap::archived::Archived).
    pub fn archive(mut self) -> Self {
        self.config.wraps.archive = true;
        self
    }

    /// Adds a strategy, such as a [`RateLimit`](crate::strategy::RateLimit) of loads. One that refuses a load is
    /// reported to [`on_fault`](crate::fault::on_fault), and the body runs: it has a value to return.
    pub fn strategy(mut self, strategy: impl Strategy) -> Self {
        self.strategies.push(Arc::new(strategy));
        self
    }

    /// Lets loads run at this rate, hits aside, counted among all processes that share the last store, which must keep
    /// rates ([`Capabilities::pace`](crate::backend::Capabilities::pace)). While it can't be asked, each process keeps to
    /// the rate by itself.
    pub fn shared_rate(mut self, limit: RateLimit) -> Self {
        self.config.limit = Some(Arc::new(limit));
        self.config.shared_rate = true;
        self
    }

    /// One load of a key at a time among all processes that share the last store, by leases of `patience`: that store
    /// must give them ([`Capabilities::lease`](crate::backend::Capabilities::lease)). A load that takes longer returns
    /// its value to its caller, and is not stored.
    pub fn distributed(mut self) -> Self {
        self.config.distributed = true;
        self
    }

    /// How long callers wait for another one's load before they load themselves, and how long an update is tried again;
    /// 30 seconds by default.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.config.patience = Some(patience);
        self
    }
}

#[cfg(cacher_shuttle)]
impl<K, V> CacheBuilder<K, V> {
    /// Says what only the attribute does in other builds, for tests of schedules.
    pub fn configured(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }
}

impl<K, V> CacheBuilder<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// The cache.
    ///
    /// # Errors
    /// [`Kind::Invalid`] for a wrong URL; for a name that is empty or that another cache or function has in the same
    /// store; for a TTL, a bound or a number of revisions of zero; for limits of typed memory; for what is done with
    /// stores, where there is none. [`Kind::Unsupported`] for a limit that can't be kept on this system. Those of a
    /// backend that is given as a `Result`. A store at a URL that can't be opened now is no error: that is reported, and it is opened again
    /// later.
    pub fn build(self) -> Result<Cache<K, V>> {
        let name = self.checked_name()?;
        self.check_numbers()?;
        let backends = self.backends.into_iter().collect::<Result<_>>()?;
        let strategies = self.strategies.into_iter().collect();
        let (bound, limits) = (self.config.bound, self.config.wraps.limits);
        let core = Core::open(&name, Owner::next(), Config { strategies, ..self.config }, backends);
        let open = Arc::new(Open(Arc::clone(&core)));
        check_tiers(&core, bound, limits)?;
        check_wraps(&core)?;
        let codec = self.codec.map(|codec| Codec { schema: self.schema, ..codec });
        let types = Types { codec, seen: |_| Terms::new(), weigh: self.weigh, transforms: Vec::new, shown: None };
        let cache = Typed::new(Arc::clone(&core), types);
        cache.share();
        let terms = self.ttl.map_or_else(Terms::new, |ttl| Terms::new().ttl(ttl)).for_new();
        Ok(Cache(Inner { cache, core, terms, open }))
    }

    fn checked_name(&self) -> Result<String> {
        let Some(name) = self.name.clone() else {
            return Ok(format!("Cache<{}, {}>", type_name::<K>(), type_name::<V>()));
        };
        if name.trim().is_empty() || name.contains(|letter: char| letter == '@' || letter.is_control()) {
            let text = format!("`{}` is no name: write some letters, and no `@`", name.escape_debug());
            return Err(Error::new(Kind::Invalid, text));
        }
        Ok(name)
    }

    fn check_numbers(&self) -> Result<()> {
        if self.ttl == Some(Duration::ZERO) {
            return Err(Error::new(Kind::Invalid, "with a TTL of zero nothing is kept: write a longer one, or none"));
        }
        if self.config.wraps.revisions == Some(0) {
            return Err(Error::new(Kind::Invalid, "with no revisions nothing is kept: write how many, at least 1"));
        }
        match self.config.bound {
            Some(Bound::Entries(0) | Bound::Bytes(0)) => {
                Err(Error::new(Kind::Invalid, "memory with a bound of zero holds nothing: write a larger one"))
            }
            _ => Ok(()),
        }
    }
}

/// What is wrong with the backends, and stays wrong.
fn check_tiers(core: &Core, bound: Option<Bound>, limits: Limits) -> Result<()> {
    let failures = core.tiers().iter().filter_map(|tier| tier.failure());
    if let Some(error) = failures.into_iter().find(|error| matches!(error.kind(), Kind::Invalid | Kind::Unsupported)) {
        return Err(error);
    }
    match (core.bound, bound) {
        _ if core.off => Ok(()),
        (Some(_), _) if !limits.are_none() => Err(Error::new(
            Kind::Invalid,
            "typed memory has an order of its own: write `.capacity(..)` or `.max_bytes(..)` in place of `.limits(..)`, or \
             `.backend(\"memory://?format=msgpack\")` for memory that keeps bytes",
        )),
        (Some(Bound::Bytes(_)), None) => Err(Error::new(
            Kind::Invalid,
            "the URL can't say what a value weighs: write `.max_bytes(..)` in place of its `max_bytes`",
        )),
        _ => Ok(()),
    }
}

/// What is said of stores, where there are none.
fn check_wraps(core: &Core) -> Result<()> {
    let Wraps { background, revisions, archive, .. } = core.config.wraps;
    let wrong = match () {
        () if core.off => None,
        () if revisions.is_some() && archive => Some("revisions keep what has expired already: leave out `.archive()`"),
        () if core.has_stores() => None,
        () if core.config.shared_rate => Some("a rate is shared in a store: add one with `.backend(..)`"),
        () if background.is_some() => {
            Some("nothing is written but memory, which takes no time: leave out `.write(..)`")
        }
        () if revisions.is_some() || archive => Some("earlier values are kept in a store: add one with `.backend(..)`"),
        () => None,
    };
    wrong.map_or(Ok(()), |text| Err(Error::new(Kind::Invalid, text)))
}
