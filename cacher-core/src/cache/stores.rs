//! The part of a cache that is in stores.

use std::{
    borrow::Cow,
    pin::pin,
    time::{Duration, SystemTime},
};

use super::{Cache, Landing, memory::Arrival};
use crate::{
    bridge::{self, Shell},
    codec::{guarded, named},
    core::{Core, DRAIN, Hearing, within},
    entry::Times,
    envelope::{self, Content, Encoding, Identity, Opened},
    error::Result,
    fence::{Admitted, Overtaken, Seat},
    format::{Context, Format},
    key::parts::Key,
    memory::{held::Held, table::Table},
    strategy::{
        self, Freshness,
        life::{self, Terms},
    },
    sync::Arc,
    tier::{Lease, Store, Tier},
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
pub(super) struct Got {
    format: Format,
    bytes: Vec<u8>,
    /// When it was written, if that is not in an envelope.
    written: Option<SystemTime>,
}

/// What the stores have for a key.
pub(super) struct Reading<V> {
    pub(super) fresh: Option<Found<V>>,
    /// A value past its time, where such are kept.
    pub(super) stale: Option<V>,
}

/// A value on its way into the stores: one sealed entry for each tier.
pub(super) struct Shipment {
    name: Arc<str>,
    times: Times,
    /// Outermost first, so that an upper tier never leads.
    entries: Vec<Parcel>,
    guards: Guards,
}

/// What one store gets.
struct Parcel {
    tier: usize,
    entry: Result<Vec<u8>>,
    /// When it may be forgotten there.
    expires: Option<SystemTime>,
}

/// A value that is to go to the first stores.
pub(super) struct Sending<'a, V> {
    pub(super) value: &'a V,
    pub(super) times: Times,
    pub(super) stores: usize,
    pub(super) guards: Guards,
}

/// What tells that another process has overtaken a load.
#[derive(Clone, Default)]
pub(super) struct Guards {
    /// What it was begun under, if loads of all processes take turns.
    pub(super) lease: Option<Arc<Lease>>,
    /// What was heard since it began, where the store tells of changes.
    pub(super) hearing: Option<Arc<Hearing>>,
}

impl Guards {
    /// Whether the entry was changed since. A lease knows that better.
    fn is_overtaken(&self) -> bool {
        self.lease.is_none() && self.hearing.as_ref().is_some_and(|hearing| hearing.has_changed())
    }
}

/// What became of a value on its way to the stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shipped {
    /// The stores have been asked to take it.
    Sent,
    /// Something has invalidated it before.
    Outdated,
    /// Another process has overtaken its load: it may stand nowhere.
    Late,
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

    /// The first fresh entry of a store. What the `first` has may be known.
    pub(super) async fn read(
        &self,
        shell: Shell,
        (key, hash): (&StoredKey, u64),
        terms: &Terms,
        mut first: Option<Result<Option<Got>>>,
    ) -> Reading<H::Value> {
        let mut stale = None;
        for (index, tier) in self.core.tiers().iter().enumerate() {
            let got = match first.take() {
                Some(known) => known,
                None => get(&self.core, shell, tier, &key.name).await,
            };
            let Some(got) = self.core.or_fault(got).flatten() else { continue };
            let Some(found) = self.open(key, &got, terms, index) else { continue };
            match self.judge(hash, &found) {
                Freshness::Fresh => return Reading { fresh: Some(found), stale },
                Freshness::Stale => stale = stale.or(Some(found.value)),
                Freshness::Expired => {}
            }
        }
        Reading { fresh: None, stale }
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

    /// Puts a found entry in the stores above, with the life it has left, and says later that it was asked for.
    pub(super) async fn back_fill(
        &self,
        shell: Shell,
        seat: &Seat<O, Landing<H>>,
        (key, owned): (&StoredKey, &Key<O>),
        found: &Found<H::Value>,
        terms: &Terms,
    ) {
        let (times, stores) = match self.touched(found, terms) {
            Some(times) => (times, found.tier + 1),
            None => (found.times, found.tier),
        };
        if stores > 0 {
            let sending = Sending { value: &found.value, times, stores, guards: Guards::default() };
            // Larger than the read that it follows now and then.
            Box::pin(self.write(shell, seat, (key, owned), sending)).await;
        }
    }

    /// The times of an entry that was asked for, where that prolongs its life. An entry is rewritten at most eight
    /// times in the time that it may be idle.
    fn touched(&self, found: &Found<H::Value>, terms: &Terms) -> Option<Times> {
        let tti = self.core.config.life.tti?;
        let end = life::end_of(found.times.created, &terms.with((self.seen)(&found.value)));
        let later = self.core.clock.stamp().after(tti).min(end);
        let grace = found.times.keep_until.since(found.times.fresh_until);
        let prolonged = Times { fresh_until: later, keep_until: later.after(grace), ..found.times };
        (later.since(found.times.fresh_until) > tti / 8).then_some(prolonged)
    }

    /// Writes a value to the first stores, unless something has invalidated it.
    pub(super) async fn write(
        &self,
        shell: Shell,
        seat: &Seat<O, Landing<H>>,
        (key, owned): (&StoredKey, &Key<O>),
        sending: Sending<'_, H::Value>,
    ) -> Shipped {
        let Sending { value, times, stores, guards } = sending;
        // Encoding runs the user's code: before the write is admitted, which others wait for.
        let shipment = self.pack(key, owned, value, times, stores).under(guards);
        let admitted = within(&self.core.clock, DRAIN, pin!(seat.admit())).await;
        let Some(admitted) = admitted.flatten() else { return Shipped::Outdated };
        self.ship(shell, shipment, admitted).await
    }

    /// Sends a value to its stores. It arrives even if the caller does not wait for it.
    pub(super) async fn ship(&self, shell: Shell, shipment: Shipment, admitted: Admitted) -> Shipped {
        let core = Arc::clone(&self.core);
        let place = core.place_of_writes(shipment.entries.len());
        // On the heap once: it is large, and each layer around it would keep a copy.
        bridge::drive(shell, place, Box::pin(async move { shipment.deliver(&core, admitted).await })).await
    }

    /// Seals a value for each of the first stores.
    pub(super) fn pack(
        &self,
        key: &StoredKey,
        owned: &Key<O>,
        value: &H::Value,
        times: Times,
        stores: usize,
    ) -> Shipment {
        let tiers = self.core.tiers()[..stores].iter().enumerate().rev();
        let now = self.core.clock.stamp();
        let entries = tiers.map(|(index, tier)| {
            let times = tier.store().map_or(times, |store| store.times(times, now));
            let entry = tier.store().and_then(|store| self.seal(&store.format, key, owned, value, &times));
            Parcel { tier: index, entry, expires: times.keep_until.to_system() }
        });
        Shipment { name: Arc::clone(&key.name), times, entries: entries.collect(), guards: Guards::default() }
    }

    fn seal(
        &self,
        format: &Format,
        key: &StoredKey,
        owned: &Key<O>,
        value: &H::Value,
        times: &Times,
    ) -> Result<Vec<u8>> {
        let Some(codec) = &self.codec else { return Ok(Vec::new()) };
        let context = self.context(key, times);
        let value = guarded(|| (codec.encode)(format, value, &context))?;
        if format.is_bare() {
            return Ok(value);
        }
        let arguments = guarded(|| Ok((codec.arguments)(format, &owned.parts, self.core.config.arguments)))?;
        let within = Content { value: &value, arguments: arguments.as_deref() };
        Ok(envelope::seal(codec.encoding(format), &self.shown(format, key), times, &within))
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

    pub(super) async fn remove_stored(&self, shell: Shell, key: &StoredKey) -> crate::core::Removal {
        self.core.remove(shell, Arc::clone(&key.name)).await
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

async fn get(core: &Arc<Core>, shell: Shell, tier: &Arc<Tier>, name: &Arc<str>) -> Result<Option<Got>> {
    let place = tier.place_of_reads();
    let (core, tier, name) = (Arc::clone(core), Arc::clone(tier), Arc::clone(name));
    bridge::drive(shell, place, async move { tier.ask(|store| fetch(store, &core, &name)).await }).await
}

async fn fetch(store: &Store, core: &Core, name: &Arc<str>) -> Result<Option<Got>> {
    let key = core.store_key(store, name)?;
    let mut entry = store.get(&key).await?;
    for earlier in core.earlier_keys(store, name)? {
        if entry.is_none() {
            entry = store.get(&earlier).await?;
        }
    }
    let Some(bytes) = entry else { return Ok(None) };
    let written = if store.format.is_bare() { store.backend.written(&key)? } else { None };
    // What is gone by now is no entry.
    let gone = store.format.is_bare() && written.is_none();
    Ok((!gone).then(|| Got { written, ..fetched(store, bytes) }))
}

pub(super) fn fetched(store: &Store, bytes: Vec<u8>) -> Got {
    Got { format: store.format.clone(), bytes, written: None }
}

impl Shipment {
    /// The same, unless another process overtakes it.
    pub(super) fn under(self, guards: Guards) -> Self {
        Self { guards, ..self }
    }

    /// Puts the entries. One that a store did not take must not stand there in an older form, and one that came too
    /// late for an invalidation must not stand at all. Faults are reported when others may write again.
    async fn deliver(self, core: &Arc<Core>, admitted: Admitted) -> Shipped {
        let Self { name, times, entries, guards } = self;
        let (mut faults, mut failed, mut tiers) = (Vec::new(), Vec::new(), Vec::with_capacity(entries.len()));
        let mut shipped = Shipped::Sent;
        for Parcel { tier, entry, expires } in entries {
            tiers.push(tier);
            let put = match entry {
                Ok(entry) => put(core, (tier, &name), entry, expires, guards.lease.as_deref()).await,
                Err(error) => Err(error),
            };
            match put {
                Ok(true) => core.graves[tier].replaced(&name, times.load_began),
                Ok(false) => {
                    shipped = Shipped::Late;
                    break;
                }
                Err(error) => {
                    faults.push(error);
                    failed.push(tier);
                }
            }
        }
        // What others did meanwhile was done to what stood there before, or to this.
        let crossed = guards.is_overtaken();
        if admitted.is_overtaken() || crossed {
            failed = tiers;
        }
        if crossed {
            shipped = Shipped::Late;
        }
        for tier in failed {
            core.remove_or_bury(tier, &name).await;
        }
        drop(admitted);
        for fault in faults {
            core.fault(fault);
        }
        shipped
    }
}

/// Puts an entry; says that it did not if the lease of its load has ended.
async fn put(
    core: &Core,
    (tier, name): (usize, &Arc<str>),
    entry: Vec<u8>,
    expires: Option<SystemTime>,
    lease: Option<&Lease>,
) -> Result<bool> {
    let put = async |store: &Store| {
        let key = core.store_key(store, name)?;
        let _turn = core.turn(&key);
        if let Some(lease) = lease.filter(|_| core.has_leases(tier)) {
            return lease.put(entry, expires).await;
        }
        if core.has_leases(tier) {
            store.end_lease(&key).await?;
        }
        store.put(&key, entry, expires).await?;
        // Or else one of earlier would be found when this one is gone.
        for earlier in core.earlier_keys(store, name)? {
            store.remove(&earlier).await?;
        }
        Ok(true)
    };
    core.tiers()[tier].ask(put).await
}
