//! The part of a cache that is in stores.

use std::time::Duration;

use super::{Cache, Landing, memory::Arrival};
use crate::{
    bridge::{self, Shell},
    core::Core,
    entry::Times,
    envelope::{self, Content, Identity},
    error::Result,
    fence::{Admitted, Seat},
    format::Format,
    hex,
    key::parts::Key,
    memory::{held::Held, table::Table},
    strategy::life::{self, Terms},
    sync::Arc,
    tier::Tier,
};

/// A key as stores know it.
#[derive(Clone, Debug)]
pub(super) struct StoredKey {
    /// The full identity, encoded.
    identity: Arc<[u8]>,
    /// What the keyer made of it.
    name: Arc<str>,
}

/// A fresh entry of a store.
pub(super) struct Found<V> {
    pub(super) value: V,
    pub(super) times: Times,
    /// How much longer it is fresh.
    pub(super) left: Duration,
    /// Which store it came from.
    pub(super) tier: usize,
}

/// A value on its way into the stores: one sealed entry for each tier.
pub(super) struct Shipment {
    name: Arc<str>,
    times: Times,
    /// Outermost first, so that an upper tier never leads.
    entries: Vec<(Arc<Tier>, Result<Vec<u8>>)>,
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Cache<O, H, T> {
    /// The key for the stores, if there are any and they can keep it.
    pub(super) fn stored_key(&self, key: &Key<O>) -> Option<StoredKey> {
        let codec = self.codec.as_ref().filter(|_| self.core.has_stores())?;
        let identity = self.core.or_fault((codec.identity)(&key.parts))?;
        let name = hex::to_hex(blake3::hash(&identity).as_bytes());
        Some(StoredKey { identity: identity.into(), name: name.into() })
    }

    /// The first fresh entry of a store.
    pub(super) async fn read(&self, shell: Shell, key: &StoredKey, terms: &Terms) -> Option<Found<H::Value>> {
        for (index, tier) in self.core.tiers().iter().enumerate() {
            let bytes = get(&self.core, shell, tier, &key.name).await;
            let Some((format, bytes)) = self.core.or_fault(bytes).flatten() else { continue };
            if let Some(found) = self.judge(key, format, &bytes, terms, index) {
                return Some(found);
            }
        }
        None
    }

    /// Opens an entry: damage is a fault, age is not.
    fn judge(
        &self,
        key: &StoredKey,
        format: Format,
        bytes: &[u8],
        terms: &Terms,
        tier: usize,
    ) -> Option<Found<H::Value>> {
        let opened = self.core.or_fault(envelope::open(bytes, format.name(), &self.identity(key)))?;
        if self.core.is_buried(&key.name, opened.times.load_began) {
            return None;
        }
        let now = self.core.clock.stamp();
        // A value may say its own TTL, so the entry is not judged by the call's terms alone.
        let Some(left) = life::remaining(&opened.times, terms, now) else {
            self.core.counters.expirations.add(1);
            return None;
        };
        let decode = self.codec.as_ref()?.decode;
        let value = self.core.or_fault(decode(format, &opened.value))?;
        Some(Found { value, times: opened.times, left, tier })
    }

    fn identity<'a>(&'a self, key: &'a StoredKey) -> Identity<'a> {
        Identity { namespace: &self.core.namespace, key: &key.identity }
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
        let tiers = self.core.tiers();
        let upper = &tiers[..found.tier];
        if let Some(times) = self.touched(found, terms) {
            self.write(shell, seat, (key, owned), &found.value, times, &tiers[..=found.tier]).await;
        } else if !upper.is_empty() {
            self.write(shell, seat, (key, owned), &found.value, found.times, upper).await;
        }
    }

    /// The times of an entry that was asked for, where that prolongs its life. An entry is rewritten at most eight
    /// times in the time that it may be idle.
    fn touched(&self, found: &Found<H::Value>, terms: &Terms) -> Option<Times> {
        let tti = self.core.config.life.tti?;
        let end = life::end(found.times.created, &terms.with((self.seen)(&found.value)));
        let later = self.core.clock.stamp().after(tti).min(end);
        let prolonged = Times { fresh_until: later, keep_until: later, ..found.times };
        (later.since(found.times.fresh_until) > tti / 8).then_some(prolonged)
    }

    /// Writes a value to stores, unless something has invalidated it, and says whether it did.
    pub(super) async fn write(
        &self,
        shell: Shell,
        seat: &Seat<O, Landing<H>>,
        (key, owned): (&StoredKey, &Key<O>),
        value: &H::Value,
        times: Times,
        tiers: &[Arc<Tier>],
    ) -> bool {
        // Encoding runs the user's code: before the write is admitted, which others wait for.
        let shipment = self.pack(key, owned, value, times, tiers);
        let Some(admitted) = seat.admit().await else { return false };
        self.ship(shell, shipment, admitted).await;
        true
    }

    /// Sends a value to its stores. It arrives even if the caller does not wait for it.
    pub(super) async fn ship(&self, shell: Shell, shipment: Shipment, admitted: Admitted) {
        let core = Arc::clone(&self.core);
        let quick = shipment.entries.iter().all(|(tier, _)| tier.writes_quickly());
        bridge::run(shell, quick, move || shipment.deliver(&core, &admitted)).await;
    }

    /// Seals a value for each of its stores.
    pub(super) fn pack(
        &self,
        key: &StoredKey,
        owned: &Key<O>,
        value: &H::Value,
        times: Times,
        tiers: &[Arc<Tier>],
    ) -> Shipment {
        let entries = tiers.iter().rev().map(|tier| {
            let entry = tier.store().and_then(|store| self.seal(store.format, key, owned, value, &times));
            (Arc::clone(tier), entry)
        });
        Shipment { name: Arc::clone(&key.name), times, entries: entries.collect() }
    }

    fn seal(
        &self,
        format: Format,
        key: &StoredKey,
        owned: &Key<O>,
        value: &H::Value,
        times: &Times,
    ) -> Result<Vec<u8>> {
        let Some(codec) = &self.codec else { return Ok(Vec::new()) };
        let value = (codec.encode)(format, value)?;
        let arguments = (codec.arguments)(format, &owned.parts, self.core.config.arguments);
        let content = Content { value: &value, arguments: arguments.as_deref() };
        Ok(envelope::seal(format.name(), &self.identity(key), times, &content))
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

    pub(super) fn bury(&self, key: &StoredKey) {
        self.core.bury(Arc::clone(&key.name));
    }
}

impl StoredKey {
    /// The name, to show to people.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

async fn get(core: &Arc<Core>, shell: Shell, tier: &Arc<Tier>, name: &Arc<str>) -> Result<Option<(Format, Vec<u8>)>> {
    let quick = tier.reads_quickly();
    let (core, tier, name) = (Arc::clone(core), Arc::clone(tier), Arc::clone(name));
    bridge::run(shell, quick, move || {
        tier.operate(|store| {
            let entry = store.backend.get(&core.store_key(store, &name))?;
            Ok(entry.map(|entry| (store.format, entry)))
        })
    })
    .await
}

impl Shipment {
    /// Puts the entries. One that a store did not take must not stand there in an older form, and one that came too
    /// late for an invalidation must not stand at all.
    fn deliver(self, core: &Arc<Core>, admitted: &Admitted) {
        let mut complete = true;
        for (tier, entry) in self.entries {
            let put = entry.and_then(|entry| {
                let expires = self.times.keep_until.to_system();
                tier.operate(|store| store.backend.put(&core.store_key(store, &self.name), &entry, expires))
            });
            complete &= core.or_fault(put).is_some();
        }
        if !complete || admitted.is_overtaken() {
            core.remove_or_bury(&self.name);
        } else {
            core.unbury(&self.name, self.times.load_began);
        }
    }
}
