//! Removing entries: from all stores, fenced, and again later where a store could not be reached.

use std::{collections::HashMap, time::Duration};

use super::{Core, work::within};
use crate::{
    bridge::{self, Shell},
    fence::Generation,
    sync::{Arc, Ordering, lock},
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
    /// A strategy forbade it; the entry is still there.
    Refused,
}

impl Removal {
    /// The outcome of removing in several places.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Pending, _) | (_, Self::Pending) => Self::Pending,
            (Self::Removed, _) | (_, Self::Removed) => Self::Removed,
            _ => self,
        }
    }

    pub(crate) fn of(removed: bool) -> Self {
        if removed { Self::Removed } else { Self::Absent }
    }
}

/// Removals that failed: an entry whose load began before its tombstone is not served.
#[derive(Debug, Default)]
pub(super) struct Tombstones {
    pub(super) keys: HashMap<Arc<str>, Stamp>,
    pub(super) all: Option<Stamp>,
    retrying: bool,
}

const MOST_TOMBSTONES: usize = 1024;
const RETRY: Duration = Duration::from_secs(1);
/// How long an invalidation waits for a write that a store does not answer.
pub(crate) const DRAIN: Duration = Duration::from_secs(5);

impl Core {
    /// Removes everything, fenced like a single invalidation.
    pub(crate) async fn clear(self: &Arc<Self>, shell: Shell) -> Removal {
        let open = CloseGeneration::new(&self.generation);
        let members = self.members();
        let mut removal = Removal::of(self.size().0 > 0);
        if self.has_stores() {
            let drained = within(&self.clock, DRAIN, async {
                for member in &members {
                    member.quiet().await;
                }
            });
            if drained.await.is_none() {
                for member in &members {
                    member.overtake();
                }
                self.bury_all();
                removal = Removal::Pending;
            }
            removal = removal.and(self.clear_stores(shell).await);
        }
        drop(open);
        for member in &members {
            member.empty();
        }
        removal
    }

    async fn clear_stores(self: &Arc<Self>, shell: Shell) -> Removal {
        let core = Arc::clone(self);
        let quick = self.tiers.iter().all(|tier| tier.writes_quickly());
        bridge::run(shell, quick, move || core.clear_stores_now()).await
    }

    fn clear_stores_now(self: &Arc<Self>) -> Removal {
        let mut removal = Removal::Absent;
        for tier in &self.tiers {
            let cleared = tier.operate(|store| store.backend.clear(&self.namespace));
            removal = removal.and(match self.or_fault(cleared) {
                Some(count) => Removal::of(count > 0),
                None => Removal::Pending,
            });
        }
        if removal == Removal::Pending {
            self.bury_all();
        }
        removal
    }

    /// Removes one entry from all stores.
    pub(crate) async fn remove(self: &Arc<Self>, shell: Shell, name: Arc<str>) -> Removal {
        let core = Arc::clone(self);
        let quick = self.tiers.iter().all(|tier| tier.writes_quickly());
        bridge::run(shell, quick, move || core.remove_or_bury(&name)).await
    }

    /// Removes an entry from all stores here and now, or sees to it that it is not served.
    pub(crate) fn remove_or_bury(self: &Arc<Self>, name: &Arc<str>) -> Removal {
        let removal = self.remove_now(name);
        if removal == Removal::Pending {
            self.bury(Arc::clone(name));
        }
        removal
    }

    fn remove_now(&self, name: &Arc<str>) -> Removal {
        let mut removal = Removal::Absent;
        for tier in &self.tiers {
            let removed = tier.operate(|store| store.backend.remove(&self.store_key(store, name)));
            removal = removal.and(self.or_fault(removed).map_or(Removal::Pending, Removal::of));
        }
        removal
    }

    /// Notes a removal that failed.
    pub(crate) fn bury(self: &Arc<Self>, name: Arc<str>) {
        let now = self.clock.stamp();
        self.change_tombstones(|tombstones| {
            if tombstones.keys.len() < MOST_TOMBSTONES {
                tombstones.keys.insert(name, now);
            } else {
                tombstones.keys.clear();
                tombstones.all = Some(now);
            }
        });
    }

    fn bury_all(self: &Arc<Self>) {
        let now = self.clock.stamp();
        self.change_tombstones(|tombstones| {
            tombstones.keys.clear();
            tombstones.all = Some(now);
        });
    }

    fn change_tombstones(self: &Arc<Self>, change: impl FnOnce(&mut Tombstones)) {
        let retry = {
            let mut tombstones = lock(&self.tombstones);
            change(&mut tombstones);
            let any = tombstones.all.is_some() || !tombstones.keys.is_empty();
            self.any_tombstone.store(any, Ordering::SeqCst);
            any && !std::mem::replace(&mut tombstones.retrying, true)
        };
        if retry {
            self.later(RETRY, Self::retry_removals);
        }
    }

    /// Whether an entry that a store returned was removed before.
    pub(crate) fn is_buried(&self, name: &str, load_began: Stamp) -> bool {
        self.any_tombstone.load(Ordering::SeqCst) && {
            let tombstones = lock(&self.tombstones);
            let buried = tombstones.keys.get(name).copied().max(tombstones.all);
            buried.is_some_and(|buried| load_began <= buried)
        }
    }

    /// Forgets a removal that a newer entry has made good.
    pub(crate) fn unbury(&self, name: &str, load_began: Stamp) {
        if !self.any_tombstone.load(Ordering::SeqCst) {
            return;
        }
        let mut tombstones = lock(&self.tombstones);
        if tombstones.keys.get(name).is_some_and(|buried| *buried < load_began) {
            tombstones.keys.remove(name);
        }
    }

    fn retry_removals(self: &Arc<Self>) {
        let (keys, all) = {
            let mut tombstones = lock(&self.tombstones);
            tombstones.retrying = false;
            (tombstones.keys.clone(), tombstones.all)
        };
        let cleared = all.filter(|_| self.clear_stores_now() != Removal::Pending);
        let removed: Vec<_> = keys.into_iter().filter(|(name, _)| self.remove_now(name) != Removal::Pending).collect();
        self.change_tombstones(|tombstones| {
            if tombstones.all == cleared {
                tombstones.all = None;
            }
            for (name, buried) in removed {
                if tombstones.keys.get(&name) == Some(&buried) {
                    tombstones.keys.remove(&name);
                }
            }
        });
    }
}

/// A generation under clearing.
struct CloseGeneration<'a>(&'a Generation);

impl<'a> CloseGeneration<'a> {
    fn new(generation: &'a Generation) -> Self {
        generation.close();
        Self(generation)
    }
}

impl Drop for CloseGeneration<'_> {
    fn drop(&mut self) {
        self.0.open();
    }
}
