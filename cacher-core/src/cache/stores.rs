//! The part of a cache that is in stores.

use std::{
    borrow::Cow,
    time::{Duration, SystemTime},
};

use super::{Cache, memory::Arrival, shipment::is_unreachable};
use crate::{
    backend,
    bridge::{self, Shell},
    codec::{guarded, named},
    core::{
        Core, LeftOut,
        tokens::{self, Tokens, TokensOfTiers},
    },
    entry::Times,
    envelope::{self, Encoding, Identity, Opened},
    error::Result,
    fence::Overtaken,
    format::{Context, Format},
    key::parts::Key,
    memory::{held::Held, table::Table},
    strategy::{
        self,
        life::{self, Age, Standing, Terms},
    },
    sync::Arc,
    tags::{self, Tagged},
    tier::{Store, Tier},
    time::{Stamp, Tick},
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
    /// How much longer it is fresh, from `since` on; zero if it is past its time.
    pub(super) left: Duration,
    pub(super) since: Tick,
    /// How long it is past its time.
    pub(super) past: Duration,
    /// Which store it came from.
    pub(super) tier: usize,
    pub(super) tagged: Tagged,
    /// What its tags are worth in the stores up to that one, if it has some.
    pub(super) tokens: Option<TokensOfTiers>,
}

/// What a store has under a name.
struct Got {
    format: Format,
    bytes: Vec<u8>,
    /// When it was written, if that is not in an envelope.
    written: Option<SystemTime>,
    /// What the tags of entries are worth there, if they have some.
    tokens: Option<Arc<Tokens>>,
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
    /// An entry that answers calls, and is to be loaded anew.
    pub(super) due: Option<Found<V>>,
    /// One past its time, where such are kept, and what it is good for.
    pub(super) stale: Option<(Age, Found<V>)>,
}

impl<V> Default for Reading<V> {
    fn default() -> Self {
        Self { fresh: None, due: None, stale: None }
    }
}

impl<V> Reading<V> {
    /// Of several that are no more than due the one of the first store.
    fn note(&mut self, age: Age, found: Found<V>) {
        match age {
            Age::Fresh => self.fresh = Some(found),
            Age::Due => {
                self.due.get_or_insert(found);
            }
            Age::Stale | Age::Revalidable if self.stale.as_ref().is_none_or(|(best, _)| age < *best) => {
                self.stale = Some((age, found));
            }
            Age::Stale | Age::Revalidable | Age::Spent => {}
        }
    }

    /// What is served to who does not load.
    pub(super) fn served(self) -> Option<Found<V>> {
        self.fresh.or(self.due)
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
        // Of the stores above the last one before any is read: what is found may go there.
        let above = self.core.tiers().len().saturating_sub(1);
        let learned = self.learn(shell, keys.iter().map(|sought| sought.terms), above).await;
        let since = tags::now();
        for (index, tier) in self.core.tiers().iter().enumerate() {
            let is_left = |at: &usize| readings[*at].fresh.is_none() && !self.core.left_out(keys[*at].terms).has(index);
            let left: Vec<_> = (0..keys.len()).filter(is_left).collect();
            if left.is_empty() {
                continue;
            }
            let names = left.iter().map(|at| keys[*at].key.shared_name()).collect();
            let Some(got) = self.core.or_fault(get_all(&self.core, shell, tier, names).await) else { continue };
            for (at, got) in left.into_iter().zip(got) {
                let got = self.core.or_fault(got).flatten();
                let Some(found) = got.and_then(|got| self.open((&keys[at], since), &got, (index, learned.as_ref())))
                else {
                    continue;
                };
                let age = self.age(keys[at].hash, &found);
                readings[at].note(age, found);
            }
        }
        readings
    }

    fn age(&self, hash: u64, found: &Found<H::Value>) -> Age {
        let strategy::Found { age, load_time, .. } = self.known(found);
        let standing = Standing { age, left: found.left, past: found.past, load_time };
        let age = self.core.config.life.age(&standing, || life::random(hash, self.core.clock.tick()));
        // Past its TTL strategies have nothing to say.
        if found.left.is_zero() { age } else { age.max(self.judge_found(hash, &self.known(found)).into()) }
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
    fn open(
        &self,
        (sought, since): (&Sought<'_>, u64),
        got: &Got,
        (tier, learned): (usize, Option<&TokensOfTiers>),
    ) -> Option<Found<H::Value>> {
        let Sought { key, terms, .. } = *sought;
        if self.core.config.single && envelope::is_of_another_call(&got.bytes, &self.shown(&got.format, key)) {
            return None;
        }
        let opened = self.core.or_fault(self.opened(key, got))?;
        if self.core.graves[tier].holds(&key.name, opened.times.load_began)
            || self.core.has_buried_tag(tier, &opened.tags, opened.times.load_began)
            || got.tokens.as_ref().is_some_and(|tokens| !tokens.agree(&opened.tags))
        {
            return None;
        }
        let (at, now) = (self.clock.tick(), self.core.clock.stamp());
        // A value may say its own TTL, so the entry is not judged by the call's terms alone.
        let left = life::remaining(&opened.times, terms, now);
        let past = || life::past(&opened.times, &self.core.config.life, terms, now);
        let standing = left.map(|left| (left, Duration::ZERO));
        let Some((left, past)) = standing.or_else(|| past().map(|past| (Duration::ZERO, past))) else {
            self.core.counters.expirations.add(1);
            return None;
        };
        let decode = self.codec.as_ref()?.decode;
        let context = self.context(key, &opened.times);
        let value = self.core.or_fault(guarded(|| decode(&got.format, &opened.value, &context)))?;
        let tagged = self.tagged(terms, &value, since);
        // What has not all of its tags was written when the function had others.
        let has_all = || tagged.ids().all(|id| tokens::ids(&opened.tags).any(|carried| carried == id));
        if !has_all() {
            return None;
        }
        // Those that other calls have given as well.
        let tagged = tagged.and_of_ids(tokens::ids(&opened.tags));
        if !tagged.is_current() {
            return None;
        }
        let tokens = got.tokens.as_ref().map(|here| {
            let above = learned.iter().flat_map(|learned| learned.iter().take(tier).cloned());
            above.chain([Some(Tokens::clone(here))]).collect()
        });
        let found = Found { value, times: opened.times, left, since: at, past, tier, tagged, tokens };
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
        Ok(Opened { times, value: Cow::Borrowed(&got.bytes), tags: Cow::Borrowed(&[]) })
    }

    /// A bare value, which lives as long as it would if it was made when it was written.
    fn aged(&self, found: Found<H::Value>, terms: &Terms) -> Option<Found<H::Value>> {
        let until = life::end_of(found.times.created, &terms.with((self.seen)(&found.value)));
        let there = self.core.tiers()[found.tier].store().ok().and_then(|store| store.ttl);
        let until = until.min(there.map_or(Stamp::NEVER, |ttl| found.times.created.after(ttl)));
        let (since, now) = (self.clock.tick(), self.core.clock.stamp());
        let left = until.since(now);
        if left.is_zero() {
            self.core.counters.expirations.add(1);
            return None;
        }
        let left = if until == Stamp::NEVER { Duration::MAX } else { left };
        Some(Found { times: Times { fresh_until: until, keep_until: until, ..found.times }, left, since, ..found })
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
    pub(super) fn arrival(&self, found: &Found<H::Value>, held: H, terms: &Terms) -> Arrival<H> {
        Arrival {
            held,
            lifetime: found.left,
            since: found.since,
            weight: self.weight(&found.value),
            created: found.times.created,
            load_time: found.times.load_time,
            tagged: found.tagged.clone(),
            left_out: self.core.left_out(terms).memory,
        }
    }

    /// What the tags that calls say are worth in the first stores, if there are tags at all.
    pub(super) async fn learn<'t>(
        &self,
        shell: Shell,
        terms: impl Iterator<Item = &'t Terms>,
        stores: usize,
    ) -> Option<TokensOfTiers> {
        if !self.core.has_tags() || stores == 0 {
            return None;
        }
        let (mut ids, mut left_out) = (Vec::new(), LeftOut::default());
        for terms in terms {
            ids.extend(terms.tags.ids());
            // Those of one call leave out the same.
            left_out = self.core.left_out(terms);
        }
        if ids.is_empty() && !self.core.config.tagged {
            return None;
        }
        ids.sort_unstable();
        ids.dedup();
        Some(self.core.learn_tokens(shell, ids, (stores, left_out)).await)
    }

    /// The same of the tags of a value: those that only the value says are learned now.
    pub(super) async fn learn_more(
        &self,
        shell: Shell,
        known: Option<TokensOfTiers>,
        tagged: &Tagged,
    ) -> Option<TokensOfTiers> {
        let known = known.filter(|_| !tagged.is_none())?;
        if !self.core.config.tagged_by_value {
            return Some(known);
        }
        Some(self.core.learn_more(shell, &known, tagged.ids().collect()).await)
    }

    /// The same of the tags of a value that is put by hand.
    pub(super) async fn learn_all(&self, shell: Shell, terms: &Terms, tagged: &Tagged) -> Option<TokensOfTiers> {
        if tagged.is_none() || !self.core.has_stores() {
            return None;
        }
        let places = (self.core.tiers().len(), self.core.left_out(terms));
        Some(self.core.learn_tokens(shell, tagged.ids().collect(), places).await)
    }

    /// The tags of a value whose load began when the count of invalidated ones was this.
    pub(super) fn tagged(&self, terms: &Terms, value: &H::Value, since: u64) -> Tagged {
        if !self.core.config.tagged {
            return terms.tags.clone().since(since);
        }
        terms.with((self.seen)(value)).tags.since(since)
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

async fn get_all(
    core: &Arc<Core>,
    shell: Shell,
    tier: &Arc<Tier>,
    names: Vec<Arc<str>>,
) -> Result<Vec<Result<Option<Got>>>> {
    let place = tier.place_of_reads();
    let (core, tier) = (Arc::clone(core), Arc::clone(tier));
    bridge::drive(shell, place, async move { tier.ask(|store| fetch(store, &core, &names)).await }).await
}

/// What a store has under some names, asked at once; each by itself if something is wrong with one of them.
async fn fetch(store: &Store, core: &Core, names: &[Arc<str>]) -> Result<Vec<Result<Option<Got>>>> {
    match fetch_together(store, core, names).await {
        Ok(all) => return Ok(all.into_iter().map(Ok).collect()),
        Err(error) if names.len() < 2 || is_unreachable(&error) => return Err(error),
        Err(_) => {}
    }
    let mut all = Vec::with_capacity(names.len());
    for name in names {
        match fetch_together(store, core, std::slice::from_ref(name)).await {
            Err(error) if is_unreachable(&error) => return Err(error),
            got => all.push(got.map(|mut got| got.pop().flatten())),
        }
    }
    Ok(all)
}

async fn fetch_together(store: &Store, core: &Core, names: &[Arc<str>]) -> Result<Vec<Option<Got>>> {
    let keys: Vec<_> = names.iter().map(|name| core.store_key(store, name)).collect::<Result<_>>()?;
    let mut entries = store.get_all(&keys).await?;
    fetch_earlier(store, core, names, &mut entries).await?;
    let may_have_tags = || entries.iter().flatten().any(|entry| envelope::may_carry_tags(entry));
    let tokens = if core.config.tagged || may_have_tags() {
        Some(Arc::new(core.tokens_of(store, &entries).await?))
    } else {
        None
    };
    let got = |(entry, key): (Option<Vec<u8>>, &backend::Key)| {
        let Some(bytes) = entry else { return Ok(None) };
        let written = if store.format.is_bare() { store.backend.written(key)? } else { None };
        // What is gone by now is no entry.
        let gone = store.format.is_bare() && written.is_none();
        Ok((!gone).then(|| Got { format: store.format.clone(), bytes, written, tokens: tokens.clone() }))
    };
    entries.into_iter().zip(&keys).map(got).collect()
}

/// What is missing may still stand under the name that it had before.
async fn fetch_earlier(store: &Store, core: &Core, names: &[Arc<str>], entries: &mut [Option<Vec<u8>>]) -> Result<()> {
    let mut left = Vec::new();
    for (at, _) in entries.iter().enumerate().filter(|(_, entry)| entry.is_none()) {
        left.push((at, core.earlier_keys(store, &names[at])?.into_iter()));
    }
    loop {
        let next = left.iter_mut().filter_map(|(at, earlier)| Some((*at, earlier.next()?)));
        let (places, keys): (Vec<_>, Vec<_>) = next.unzip();
        if keys.is_empty() {
            return Ok(());
        }
        for (at, entry) in places.into_iter().zip(store.get_all(&keys).await?) {
            entries[at] = entry;
        }
        left.retain(|(at, _)| entries[*at].is_none());
    }
}
