//! Removing entries: from all stores, fenced, and again later where a store could not be reached.

use std::{pin::pin, time::Duration};

use super::{Core, Member, graves::Stone, within};
use crate::{
    bridge::{self, Shell},
    error::{Kind, Result},
    fence::{Generation, Overtaken},
    hex,
    strategy::Verdict,
    sync::{Arc, Ordering},
    tier::Store,
    time::Stamp,
};

/// What became of a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Removal {
    /// It was there, and is gone.
    Removed,
    /// It was not there.
    Absent,
    /// A store could not be reached. The entry is not served any more by this process, and the removal is retried.
    Pending,
    /// A strategy forbade it; the entry is still there. Of the forms of a generic function others may be cleared.
    Refused,
}

impl Removal {
    /// The outcome of removing in several places.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Pending, _) | (_, Self::Pending) => Self::Pending,
            (Self::Refused, _) | (_, Self::Refused) => Self::Refused,
            (Self::Removed, _) | (_, Self::Removed) => Self::Removed,
            (Self::Absent, Self::Absent) => Self::Absent,
        }
    }

    /// Whether something was removed, as far as one can know.
    pub(crate) fn is_done(self) -> bool {
        matches!(self, Self::Removed | Self::Pending)
    }

    pub(crate) fn of(removed: bool) -> Self {
        if removed { Self::Removed } else { Self::Absent }
    }
}

const RETRY: Duration = Duration::from_secs(1);

/// How long an invalidation or a write waits for another write that a store does not answer.
pub(crate) const DRAIN: Duration = Duration::from_secs(5);

impl Core {
    /// Removes everything, unless a strategy forbids it.
    pub(crate) async fn clear(self: &Arc<Self>, shell: Shell) -> Removal {
        if self.strategies.is_empty() {
            return self.clear_all(shell).await;
        }
        if self.strategies.ask_clear(&self.call(None, 0)) == Verdict::Refuse {
            return Removal::Refused;
        }
        let removal = self.clear_all(shell).await;
        self.strategies.commit_clear(&self.call(None, 0));
        removal
    }

    /// Fenced like a single invalidation.
    async fn clear_all(self: &Arc<Self>, shell: Shell) -> Removal {
        // Tables of single threads count what is of the generation that now ends.
        let before = self.size().0;
        let clearing = Clearing::new(&self.generation, self.members());
        let members = &clearing.members;
        let mut removal = Removal::of(before > 0 || self.size().0 > 0);
        if self.has_stores() {
            let all_quiet = pin!(async {
                for member in members {
                    member.quiet().await;
                }
            });
            if within(&self.clock, DRAIN, all_quiet).await.is_none() {
                let overtaken: Vec<_> = members.iter().flat_map(|member| member.overtake()).collect();
                self.bury_all(&overtaken);
                removal = Removal::Pending;
            }
            removal = removal.and(self.clear_stores(shell).await);
        }
        drop(clearing);
        removal
    }

    async fn clear_stores(self: &Arc<Self>, shell: Shell) -> Removal {
        let core = Arc::clone(self);
        let quick = self.tiers.iter().all(|tier| tier.writes_quickly());
        bridge::run(shell, quick, move || {
            (0..core.tiers.len()).fold(Removal::Absent, |removal, tier| removal.and(core.clear_tier(tier)))
        })
        .await
    }

    pub(super) fn clear_tier(self: &Arc<Self>, tier: usize) -> Removal {
        let cleared = self.try_clear(tier);
        let retry = !matches!(&cleared, Err(error) if error.kind() == Kind::Unsupported);
        let Some(count) = self.or_fault(cleared) else {
            self.graves[tier].bury_all(Stone { retry, ..Stone::new(self.removal_stamp()) });
            self.retry_later();
            return Removal::Pending;
        };
        Removal::of(count > 0)
    }

    fn try_clear(&self, tier: usize) -> Result<u64> {
        self.tiers[tier].operate(|store| store.backend.clear(&self.namespace))
    }

    /// Removes entries from all stores.
    pub(crate) async fn remove(self: &Arc<Self>, shell: Shell, names: Vec<Arc<str>>) -> Removal {
        let core = Arc::clone(self);
        let work = async move {
            let mut removal = Removal::Absent;
            for tier in 0..core.tiers.len() {
                removal = removal.and(core.remove_or_bury(tier, &names).await);
            }
            removal
        };
        bridge::drive(shell, self.place_of_writes(self.tiers.len()), work).await
    }

    /// Removes entries from a store, or sees to it that they are not served.
    pub(crate) async fn remove_or_bury(self: &Arc<Self>, tier: usize, names: &[Arc<str>]) -> Removal {
        let Some(removed) = self.or_fault(self.try_remove(tier, names).await) else {
            self.bury_in(tier, names);
            return Removal::Pending;
        };
        Removal::of(removed)
    }

    /// Sees to it that entries of a store are not served, and removed when it can be reached.
    pub(crate) fn bury_in(self: &Arc<Self>, tier: usize, names: &[Arc<str>]) {
        let stamp = self.removal_stamp();
        for name in names {
            self.graves[tier].bury(Arc::clone(name), Stone::new(stamp));
        }
        self.retry_later();
    }

    async fn try_remove(&self, tier: usize, names: &[Arc<str>]) -> Result<bool> {
        let remove = async |store: &Store| {
            let mut keys = Vec::with_capacity(names.len());
            for name in names {
                keys.append(&mut self.earlier_keys(store, name)?);
                let key = self.store_key(store, name)?;
                if self.has_leases(tier) {
                    store.end_lease(&key).await?;
                }
                keys.push(key);
            }
            store.remove_all(keys).await
        };
        self.tiers[tier].ask(remove).await
    }

    /// Notes an entry that a write may still bring back.
    pub(crate) fn bury(self: &Arc<Self>, name: &Arc<str>, overtaken: Option<&Overtaken>) {
        let stamp = self.removal_stamp();
        for graves in &self.graves {
            let overtaken = overtaken.into_iter().cloned().collect();
            graves.bury(Arc::clone(name), Stone { overtaken, ..Stone::new(stamp) });
        }
        self.retry_later();
    }

    fn bury_all(self: &Arc<Self>, overtaken: &[Overtaken]) {
        let stamp = self.removal_stamp();
        for graves in &self.graves {
            graves.bury_all(Stone { overtaken: overtaken.to_vec(), ..Stone::new(stamp) });
        }
        self.retry_later();
    }

    /// Sees to it that what has one of these tags is not served from a store, and that they are removed there when it can
    /// be reached.
    pub(super) fn bury_tags(self: &Arc<Self>, tier: usize, names: impl Iterator<Item = Arc<str>>) {
        let stamp = self.removal_stamp();
        names.for_each(|name| self.tag_graves[tier].bury(name, Stone::new(stamp)));
        self.retry_later();
    }

    /// The time of a removal: after the beginning of every load until now, whatever the time of day does.
    fn removal_stamp(&self) -> Stamp {
        let stamp = Stamp(self.clock.stamp().0.max(self.last_load.load(Ordering::SeqCst)));
        self.last_removal.fetch_max(stamp.0, Ordering::SeqCst);
        stamp
    }

    /// The time when a load begins: after every removal until now.
    pub(crate) fn load_stamp(&self) -> Stamp {
        let stamp = Stamp(self.clock.stamp().0.max(self.last_removal.load(Ordering::SeqCst).saturating_add(1)));
        self.last_load.fetch_max(stamp.0, Ordering::SeqCst);
        stamp
    }

    fn retry_later(self: &Arc<Self>) {
        if !self.retrying.swap(true, Ordering::SeqCst) {
            self.later(RETRY, Self::retry_removals);
        }
    }

    fn retry_removals(self: &Arc<Self>) {
        self.retrying.store(false, Ordering::SeqCst);
        for (tier, graves) in self.graves.iter().enumerate() {
            let (keys, all) = graves.to_retry();
            let all = all.filter(|_| self.or_fault(self.try_clear(tier)).is_some());
            let removed = |(name, _): &(Arc<str>, Stamp)| {
                self.or_fault(bridge::block_on(self.try_remove(tier, std::slice::from_ref(name)))).is_some()
            };
            let keys: Vec<_> = keys.into_iter().filter(removed).collect();
            graves.lift(&keys, all);
        }
        self.retry_tags();
        if self.graves.iter().chain(&self.tag_graves).any(super::graves::Graves::wait_for_retry) {
            self.retry_later();
        }
    }
}

impl Core {
    fn retry_tags(&self) {
        for (tier, graves) in self.tag_graves.iter().enumerate() {
            let (tags, _) = graves.to_retry();
            let id = |name: &str| hex::from_hex(name).and_then(|id| id.try_into().ok());
            let ids: Vec<_> = tags.iter().filter_map(|(name, _)| id(name)).collect();
            if !ids.is_empty() && self.or_fault(bridge::block_on(self.try_remove_tokens(tier, &ids))).is_some() {
                graves.lift(&tags, None);
            }
        }
    }
}

/// A generation under clearing. When it ends, also because nobody waits for it any more, memory is emptied.
pub(super) struct Clearing<'a> {
    generation: &'a Generation,
    members: Vec<Arc<dyn Member>>,
}

impl<'a> Clearing<'a> {
    pub(super) fn new(generation: &'a Generation, members: Vec<Arc<dyn Member>>) -> Self {
        generation.close();
        Self { generation, members }
    }
}

impl Drop for Clearing<'_> {
    fn drop(&mut self) {
        self.generation.open();
        for member in &self.members {
            member.empty();
        }
    }
}
