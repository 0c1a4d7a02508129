//! Sealed entries on their way into the stores.

use std::time::SystemTime;

use crate::{
    backend::Put,
    core::{Core, Hearing},
    entry::Times,
    error::{Error, Kind, Result},
    fence::Admitted,
    sync::Arc,
    tier::{Lease, Store},
};

/// A value: one sealed entry for each tier.
pub(super) struct Shipment {
    pub(super) name: Arc<str>,
    pub(super) times: Times,
    /// By tier, the first one first; nothing for one that is left out.
    pub(super) entries: Vec<Option<Parcel>>,
    pub(super) guards: Guards,
}

/// What one store gets.
pub(super) struct Parcel {
    pub(super) entry: Result<Vec<u8>>,
    /// When it may be forgotten there.
    pub(super) expires: Option<SystemTime>,
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

/// Puts the entries of all shipments: outermost first, so that an upper tier never leads; each store gets what it is to
/// take at once.
pub(super) async fn deliver(core: &Arc<Core>, shipments: Vec<(Shipment, Admitted)>) -> Vec<Shipped> {
    let mut voyages: Vec<_> = shipments.into_iter().map(Voyage::new).collect();
    for tier in (0..core.tiers().len()).rev() {
        let mut unloading: Vec<_> = voyages.iter_mut().filter_map(|voyage| voyage.unload(tier)).collect();
        let answers = put_all(core, tier, &mut unloading).await;
        for (unloaded, answer) in unloading.into_iter().zip(answers) {
            unloaded.voyage.note(core, tier, answer);
        }
    }
    let mut shipped = Vec::with_capacity(voyages.len());
    for voyage in voyages {
        shipped.push(voyage.end(core).await);
    }
    shipped
}

/// A shipment under way.
struct Voyage {
    shipment: Shipment,
    admitted: Admitted,
    shipped: Shipped,
    faults: Vec<Error>,
    /// The tiers that must not have what stands there, and whether they can be told so now.
    failed: Vec<(usize, bool)>,
    /// The tiers that were asked.
    asked: Vec<usize>,
}

/// What a shipment has for one store.
struct Unloaded<'a> {
    voyage: &'a mut Voyage,
    entry: Result<Vec<u8>>,
    expires: Option<SystemTime>,
}

impl Unloaded<'_> {
    fn take(&mut self) -> Result<Vec<u8>> {
        std::mem::replace(&mut self.entry, Ok(Vec::new()))
    }
}

impl Voyage {
    fn new((shipment, admitted): (Shipment, Admitted)) -> Self {
        Self { shipment, admitted, shipped: Shipped::Sent, faults: Vec::new(), failed: Vec::new(), asked: Vec::new() }
    }

    fn unload(&mut self, tier: usize) -> Option<Unloaded<'_>> {
        if self.shipped == Shipped::Late || self.shipment.entries.len() != tier + 1 {
            return None;
        }
        let Parcel { entry, expires } = self.shipment.entries.pop().flatten()?;
        self.asked.push(tier);
        Some(Unloaded { voyage: self, entry, expires })
    }

    /// What a store answered. One that did not take an entry must not have it in an older form.
    fn note(&mut self, core: &Core, tier: usize, answer: Result<bool>) {
        match answer {
            Ok(true) => core.graves[tier].replaced(&self.shipment.name, self.shipment.times.load_began),
            Ok(false) => self.shipped = Shipped::Late,
            Err(error) => {
                self.failed.push((tier, !is_unreachable(&error)));
                self.faults.push(error);
            }
        }
    }

    /// What came too late for an invalidation must not stand at all. Faults are reported when others may write again.
    async fn end(self, core: &Arc<Core>) -> Shipped {
        let Self { shipment, admitted, mut shipped, faults, mut failed, asked } = self;
        // What others did meanwhile was done to what stood there before, or to this.
        let crossed = shipment.guards.is_overtaken();
        if admitted.is_overtaken() || crossed {
            failed = asked.into_iter().map(|tier| (tier, true)).collect();
        }
        if crossed {
            shipped = Shipped::Late;
        }
        for (tier, reachable) in failed {
            let names = std::slice::from_ref(&shipment.name);
            if reachable {
                core.remove_or_bury(tier, names).await;
            } else {
                core.bury_in(tier, names);
            }
        }
        drop(admitted);
        for fault in faults {
            core.fault(fault);
        }
        shipped
    }
}

/// Puts entries into a store, each as if it were alone: one that can't be taken keeps no other from it.
async fn put_all(core: &Arc<Core>, tier: usize, entries: &mut [Unloaded<'_>]) -> Vec<Result<bool>> {
    let sound = entries.iter().filter(|one| one.entry.is_ok()).count();
    if sound > 1 && !core.has_leases(tier) {
        match put_together(core, tier, entries).await {
            Ok(()) => return entries.iter_mut().map(|one| one.take().map(|_| true)).collect(),
            Err(error) if is_unreachable(&error) => {
                return entries.iter_mut().map(|one| one.take().and(Err(error.clone()))).collect();
            }
            // One of them is too large, or the like.
            Err(_) => {}
        }
    }
    let mut answers = Vec::with_capacity(entries.len());
    for one in entries {
        let entry = one.take();
        let shipment = &one.voyage.shipment;
        answers.push(match entry {
            Ok(entry) => put(core, (tier, &shipment.name), entry, one.expires, shipment.guards.lease.as_deref()).await,
            Err(error) => Err(error),
        });
    }
    answers
}

pub(super) fn is_unreachable(error: &Error) -> bool {
    matches!(error.kind(), Kind::Unavailable | Kind::Skipped)
}

/// Puts entries by one operation of the store.
async fn put_together(core: &Arc<Core>, tier: usize, entries: &[Unloaded<'_>]) -> Result<()> {
    let put = async |store: &Store| {
        let (mut puts, mut earlier) = (Vec::with_capacity(entries.len()), Vec::new());
        for Unloaded { voyage, entry, expires } in entries {
            let Ok(entry) = entry else { continue };
            let name = &voyage.shipment.name;
            puts.push(Put { key: core.store_key(store, name)?, entry: entry.clone(), expires: *expires });
            earlier.append(&mut core.earlier_keys(store, name)?);
        }
        store.put_all(puts).await?;
        store.remove_all(earlier).await.map(drop)
    };
    core.tiers()[tier].ask(put).await
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
