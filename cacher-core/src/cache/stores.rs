//! The part of a cache that is in stores.

use std::{
    borrow::Cow,
    time::{Duration, SystemTime},
};

use super::{Cache, memory::Arrival};
use crate::{
    backend,
    bridge::{self, Shell},
    codec::{guarded, named},
    core::Core,
    entry::Times,
    envelope::{self, Encoding, Identity, Opened},
    error::Result,
    fence::Overtaken,
    format::{Context, Format},
    key::parts::Key,
    memory::{held::Held, table::Table},
    strategy::{
        self, Freshness,
        life::{self, Terms},
    },
    sync::Arc,
    tier::{Store, Tier},
    time::Stamp,
};

/// A key as stores know it.
#[derive(Clone, Debug)]
pub(super) struct StoredKey {
    /// The full identity, encoded.
    identity: Arc<[u8]>,
    /// What the keyer made of it.
    name: Arc<str>,
}

/// An entry of a store.
pub(super) struct Found<V> {
    pub(super) value: V,
    pub(super) times: Times,
    /// How much longer it is fresh; zero if it is past its time.
    pub(super) left: Duration,
    /// Which store it came from.
    pub(super) tier: usize,
}

/// What a store has under a name.
struct Got {
    format: Format,
    bytes: Vec<u8>,
    /// When it was written, if that is not in an envelope.
    written: Option<SystemTime>,
}

/// A key that is looked for, and what its call says.
#[derive(Clone, Copy)]
pub(super) struct Sought<'a> {
    pub(super) key: &'a StoredKey,
    pub(super) hash: u64,
    pub(super) terms: &'a Terms,
}

/// What the stores have for a key.
pub(super) struct Reading<V> {
    pub(super) fresh: Option<Found<V>>,
    /// A value past its time, where such are kept.
    pub(super) stale: Option<V>,
}

impl<V> Default for Reading<V> {
    fn default() -> Self {
        Self { fresh: None, stale: None }
    }
}

impl<V> Reading<V> {
    /// Of several the one of the first store.
    fn note_stale(&mut self, value: V) {
        self.stale.get_or_insert(value);
    }
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Cache<O, H, T> {
    /// The key for the stores, if there are any and they can keep it.
    pub(super) fn stored_key(&self, key: &Key<O>) -> Option<StoredKey> {
        let codec = self.codec.as_ref().filter(|_| self.core.has_stores())?;
        let identity = self.core.lacks_secret().and_then(|()| guarded(|| (codec.identity)(&key.parts)));
        let identity = self.core.key_or_fault(identity)?;
        let identity = self.core.config.identity(identity);
        let name = self.core.or_fault(named(|| self.core.stored_name(&identity)))?;
        let stored = StoredKey { identity: identity.into(), name: name.into() };
        self.mark(key, &stored);
        Some(stored)
    }

    /// The first fresh entry of a store.
    pub(super) async fn read(&self, shell: Shell, (key, hash): (&StoredKey, u64), terms: &Terms) -> Reading<H::Value> {
        self.read_all(shell, &[Sought { key, hash, terms }]).await.pop().unwrap_or_default()
    }

    /// The same for several keys: each store is asked once, for those that the ones before it don't have.
    pub(super) async fn read_all(&self, shell: Shell, keys: &[Sought<'_>]) -> Vec<Reading<H::Value>> {
        let mut readings: Vec<_> = keys.iter().map(|_| Reading::default()).collect();
        for (index, tier) in self.core.tiers().iter().enumerate() {
            let left: Vec<_> = (0..keys.len()).filter(|at| readings[*at].fresh.is_none()).collect();
            if left.is_empty() {
                break;
            }
            let names = left.iter().map(|at| keys[*at].key.shared_name()).collect();
            let Some(got) = self.core.or_fault(get_all(&self.core, shell, tier, names).await) else { continue };
            for (at, got) in left.into_iter().zip(got) {
                let Some(found) = got.and_then(|got| self.open(keys[at].key, &got, keys[at].terms, index)) else {
                    continue;
                };
                match self.judge(keys[at].hash, &found) {
                    Freshness::Fresh => readings[at].fresh = Some(found),
                    Freshness::Stale => readings[at].note_stale(found.value),
                    Freshness::Expired => {}
                }
            }
        }
        readings
    }

    fn judge(&self, hash: u64, found: &Found<H::Value>) -> Freshness {
        if found.left.is_zero() { Freshness::Stale } else { self.judge_found(hash, &self.known(found)) }
    }

    /// What strategies are told about an entry.
    pub(super) fn known(&self, found: &Found<H::Value>) -> strategy::Found {
        strategy::Found {
            age: self.core.clock.stamp().since(found.times.created),
            fresh_for: (found.left != Duration::MAX).then_some(found.left),
            load_time: found.times.load_time,
            in_memory: false,
        }
    }

    /// Opens an entry: damage is a fault, age is not.
    fn open(&self, key: &StoredKey, got: &Got, terms: &Terms, tier: usize) -> Option<Found<H::Value>> {
        if self.core.config.single && envelope::is_of_another_call(&got.bytes, &self.shown(&got.format, key)) {
            return None;
        }
        let opened = self.core.or_fault(self.opened(key, got))?;
        if self.core.graves[tier].holds(&key.name, opened.times.load_began) {
            return None;
        }
        let now = self.core.clock.stamp();
        // A value may say its own TTL, so the entry is not judged by the call's terms alone.
        let left = life::remaining(&opened.times, terms, now);
        let kept = || life::may_stand_in(&opened.times, &self.core.config.life, terms, now);
        let Some(left) = left.or_else(|| kept().then_some(Duration::ZERO)) else {
            self.core.counters.expirations.add(1);
            return None;
        };
        let decode = self.codec.as_ref()?.decode;
        let context = self.context(key, &opened.times);
        let value = self.core.or_fault(guarded(|| decode(&got.format, &opened.value, &context)))?;
        let found = Found { value, times: opened.times, left, tier };
        if got.written.is_none() { Some(found) } else { self.aged(found, terms) }
    }

    /// What is in the envelope, or in its place: of a bare value the store knows when it was written.
    fn opened<'a>(&self, key: &StoredKey, got: &'a Got) -> Result<Opened<'a>> {
        let Some(written) = got.written.map(Stamp::from) else {
            return envelope::open(&got.bytes, self.encoding(&got.format), &self.shown(&got.format, key));
        };
        let never = Stamp::NEVER;
        let times = Times {
            load_began: written,
            created: written,
            fresh_until: never,
            keep_until: never,
            load_time: Duration::ZERO,
        };
        Ok(Opened { times, value: Cow::Borrowed(&got.bytes) })
    }

    /// A bare value, which lives as long as it would if it was made when it was written.
    fn aged(&self, found: Found<H::Value>, terms: &Terms) -> Option<Found<H::Value>> {
        let until = life::end_of(found.times.created, &terms.with((self.seen)(&found.value)));
        let there = self.core.tiers()[found.tier].store().ok().and_then(|store| store.ttl);
        let until = until.min(there.map_or(Stamp::NEVER, |ttl| found.times.created.after(ttl)));
        let left = until.since(self.core.clock.stamp());
        if left.is_zero() {
            self.core.counters.expirations.add(1);
            return None;
        }
        let left = if until == Stamp::NEVER { Duration::MAX } else { left };
        Some(Found { times: Times { fresh_until: until, keep_until: until, ..found.times }, left, ..found })
    }

    /// What the envelope says of the call: nothing, if the value opens for its own call alone.
    pub(super) fn shown<'a>(&'a self, format: &Format, key: &'a StoredKey) -> Identity<'a> {
        Identity { namespace: &self.core.namespace, key: if format.conceals() { &[] } else { &key.identity } }
    }

    /// How entries are encoded in a format.
    pub(super) fn encoding<'a>(&self, format: &'a Format) -> Encoding<'a> {
        self.codec.as_ref().map_or_else(|| format.name().into(), |codec| codec.encoding(format))
    }

    pub(super) fn context<'a>(&'a self, key: &'a StoredKey, times: &'a Times) -> Context<'a> {
        Context::of(&self.core.namespace, &key.identity, times)
    }

    /// A found value for memory.
    pub(super) fn arrival(&self, found: &Found<H::Value>, held: H) -> Arrival<H> {
        Arrival {
            held,
            lifetime: found.left,
            weight: self.weight(&found.value),
            created: found.times.created,
            load_time: found.times.load_time,
        }
    }

    pub(super) fn bury(&self, key: &StoredKey, overtaken: Option<&Overtaken>) {
        self.core.bury(&key.name, overtaken);
    }
}

impl StoredKey {
    pub(super) fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    /// The name, to show to people.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

async fn get_all(core: &Arc<Core>, shell: Shell, tier: &Arc<Tier>, names: Vec<Arc<str>>) -> Result<Vec<Option<Got>>> {
    let place = tier.place_of_reads();
    let (core, tier) = (Arc::clone(core), Arc::clone(tier));
    bridge::drive(shell, place, async move { tier.ask(|store| fetch(store, &core, &names)).await }).await
}

async fn fetch(store: &Store, core: &Core, names: &[Arc<str>]) -> Result<Vec<Option<Got>>> {
    let keys: Vec<_> = names.iter().map(|name| core.store_key(store, name)).collect::<Result<_>>()?;
    let mut entries = store.get_all(&keys).await?;
    for (entry, name) in entries.iter_mut().zip(names).filter(|(entry, _)| entry.is_none()) {
        for earlier in core.earlier_keys(store, name)? {
            if entry.is_none() {
                *entry = store.get(&earlier).await?;
            }
        }
    }
    let got = |(entry, key): (Option<Vec<u8>>, &backend::Key)| {
        let Some(bytes) = entry else { return Ok(None) };
        let written = if store.format.is_bare() { store.backend.written(key)? } else { None };
        // What is gone by now is no entry.
        let gone = store.format.is_bare() && written.is_none();
        Ok((!gone).then(|| Got { format: store.format.clone(), bytes, written }))
    };
    entries.into_iter().zip(&keys).map(got).collect()
}
