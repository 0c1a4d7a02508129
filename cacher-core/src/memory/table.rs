//! Tables of slots: one shared between threads, one for a single thread.

#[cfg(cacher_shuttle)]
mod locked;

use std::{
    cell::RefCell,
    fmt,
    hash::{BuildHasher, Hash, Hasher},
};

use equivalent::Equivalent;
use quick_cache::{Lifecycle, OptionsBuilder, Weighter};

use super::slot::Slot;
use crate::key::parts::Key;

/// How much a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Whatever comes.
    Unbounded,
    /// This many entries.
    Entries(u64),
    /// This many bytes, as values and keys weigh them.
    Bytes(u64),
}

impl Bound {
    /// What a weight of `bytes` counts.
    pub(crate) fn weight(self, bytes: u64) -> u64 {
        if let Self::Bytes(_) = self { bytes.max(1) } else { 1 }
    }

    fn most(self) -> u64 {
        match self {
            // Half of what would overflow the sums of the table.
            Self::Unbounded => u64::MAX / 2,
            Self::Entries(most) | Self::Bytes(most) => most,
        }
    }

    /// Shards of a table hold a fixed share of the bound each, so a bound that must be exact, or that one entry can
    /// use up much of, takes a single shard.
    fn exact(self) -> bool {
        match self {
            Self::Unbounded => false,
            Self::Entries(most) => most <= 1024,
            Self::Bytes(most) => most < 64 << 20,
        }
    }

    fn options(self) -> quick_cache::Options {
        let estimate = match self {
            Self::Unbounded => 0,
            Self::Entries(most) => usize::try_from(most).unwrap_or(usize::MAX).min(1 << 24),
            Self::Bytes(most) => usize::try_from(most / 256).unwrap_or(usize::MAX).clamp(16, 1 << 20),
        };
        let mut options = OptionsBuilder::new();
        options.estimated_items_capacity(estimate).weight_capacity(self.most());
        if self.exact() {
            options.shards(1);
        }
        if self == Self::Unbounded {
            options.shards(64).estimated_items_capacity(64 * 32);
        }
        options.build().unwrap_or_else(|_| unreachable!("an estimate and a capacity are given"))
    }
}

/// What a table holds. The values it lets go come back to the caller, who drops them where no lock is held.
pub trait Table<O, H>: 'static {
    #[doc(hidden)]
    fn with_bound(bound: Bound) -> Self;
    #[doc(hidden)]
    fn get<Q: Hash + Equivalent<Key<O>>>(&self, query: &Q) -> Option<Slot<H>>;
    #[doc(hidden)]
    fn insert(&self, key: Key<O>, slot: Slot<H>) -> Dropped<O, H>;
    #[doc(hidden)]
    fn remove<Q: Hash + Equivalent<Key<O>>>(
        &self,
        query: &Q,
        doomed: impl FnOnce(&Slot<H>) -> bool,
    ) -> Option<(Key<O>, Slot<H>)>;
    #[doc(hidden)]
    fn take_all(&self) -> impl Iterator<Item = (Key<O>, Slot<H>)>;
    #[doc(hidden)]
    fn entries(&self) -> u64;
    #[doc(hidden)]
    fn weight(&self) -> u64;
    /// The heaviest entry that fits.
    #[doc(hidden)]
    fn heaviest(&self) -> u64;
}

/// The slot of a key with all that is known, which a plain copy may lack.
pub(crate) fn full<O, H: Clone, T: Table<O, H>, Q>(table: &T, query: &Q) -> Option<Slot<H>>
where
    Q: Hash + Equivalent<Key<O>>,
{
    let mut found = None;
    // A table shows a slot where it lies only to those who may remove it.
    table.remove(query, |slot| {
        found = Some(slot.full());
        false
    });
    found
}

/// What an insertion pushed out: what stood under its key, and what had to make room.
#[derive(Debug)]
pub struct Dropped<O, H> {
    first: Option<(Key<O>, Slot<H>)>,
    more: Vec<(Key<O>, Slot<H>)>,
}

impl<O, H> Default for Dropped<O, H> {
    fn default() -> Self {
        Self { first: None, more: Vec::new() }
    }
}

impl<O, H> Dropped<O, H> {
    /// Shows every slot that was pushed out.
    pub(crate) fn each(&self, show: impl Fn(&Slot<H>)) {
        self.first.iter().chain(&self.more).for_each(|(_, slot)| show(slot));
    }

    /// How many others had to make room for the entry of this hash.
    pub(crate) fn evicted(&self, hash: u64) -> u64 {
        let all = self.first.iter().chain(&self.more);
        all.filter(|(key, _)| key.hash != hash).count() as u64
    }
}

/// Hands what is let go to the caller instead of dropping it under the lock.
#[derive(Clone, Debug)]
struct HandBack;

impl<O, H> Lifecycle<Key<O>, Slot<H>> for HandBack {
    type RequestState = Dropped<O, H>;
    fn on_evict(&self, dropped: &mut Dropped<O, H>, key: Key<O>, slot: Slot<H>) {
        match &mut dropped.first {
            first @ None => *first = Some((key, slot)),
            Some(_) => dropped.more.push((key, slot)),
        }
    }
}

#[derive(Clone, Debug)]
struct ByWeight;

impl<O, H> Weighter<Key<O>, Slot<H>> for ByWeight {
    #[inline]
    fn weight(&self, _key: &Key<O>, slot: &Slot<H>) -> u64 {
        slot.weight()
    }
}

/// Keys know their hash.
#[derive(Clone, Debug, Default)]
struct Known;

/// Passes a hash through.
#[derive(Debug, Default)]
struct Through(u64);

impl BuildHasher for Known {
    type Hasher = Through;
    #[inline]
    fn build_hasher(&self) -> Through {
        Through(0)
    }
}

impl Hasher for Through {
    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _bytes: &[u8]) {
        unreachable!("keys write their hash")
    }
    #[inline]
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(cacher_shuttle)]
type Shared<O, H> = locked::Locked<O, H>;
#[cfg(not(cacher_shuttle))]
type Shared<O, H> = quick_cache::sync::Cache<Key<O>, Slot<H>, ByWeight, Known, HandBack>;
type Local<O, H> = quick_cache::unsync::Cache<Key<O>, Slot<H>, ByWeight, Known, HandBack>;

/// A table shared between threads.
pub struct SharedTable<O, H>(Shared<O, H>);

/// A table of one thread: no locks.
pub struct LocalTable<O, H>(RefCell<Local<O, H>>);

impl<O: Eq + 'static, H: Clone + 'static> Table<O, H> for SharedTable<O, H> {
    fn with_bound(bound: Bound) -> Self {
        Self(Shared::with_options(bound.options(), ByWeight, Known, HandBack))
    }
    #[inline]
    fn get<Q: Hash + Equivalent<Key<O>>>(&self, query: &Q) -> Option<Slot<H>> {
        self.0.get(query)
    }
    fn insert(&self, key: Key<O>, slot: Slot<H>) -> Dropped<O, H> {
        let mut dropped = Dropped::default();
        self.0.insert_with_lifecycle(key, slot, &mut dropped);
        dropped
    }
    fn remove<Q: Hash + Equivalent<Key<O>>>(
        &self,
        query: &Q,
        doomed: impl FnOnce(&Slot<H>) -> bool,
    ) -> Option<(Key<O>, Slot<H>)> {
        self.0.remove_if(query, doomed)
    }
    fn take_all(&self) -> impl Iterator<Item = (Key<O>, Slot<H>)> {
        self.0.drain()
    }
    fn entries(&self) -> u64 {
        self.0.len() as u64
    }
    fn weight(&self) -> u64 {
        self.0.weight()
    }
    fn heaviest(&self) -> u64 {
        self.0.shard_capacity()
    }
}

impl<O: Eq + 'static, H: Clone + 'static> Table<O, H> for LocalTable<O, H> {
    fn with_bound(bound: Bound) -> Self {
        Self(RefCell::new(Local::with_options(bound.options(), ByWeight, Known, HandBack)))
    }
    #[inline]
    fn get<Q: Hash + Equivalent<Key<O>>>(&self, query: &Q) -> Option<Slot<H>> {
        self.0.borrow().get(query).cloned()
    }
    fn insert(&self, key: Key<O>, slot: Slot<H>) -> Dropped<O, H> {
        let mut dropped = Dropped::default();
        self.0.borrow_mut().insert_with_lifecycle(key, slot, &mut dropped);
        dropped
    }
    fn remove<Q: Hash + Equivalent<Key<O>>>(
        &self,
        query: &Q,
        doomed: impl FnOnce(&Slot<H>) -> bool,
    ) -> Option<(Key<O>, Slot<H>)> {
        self.0.borrow_mut().remove_if(query, doomed)
    }
    fn take_all(&self) -> impl Iterator<Item = (Key<O>, Slot<H>)> {
        let all: Vec<_> = self.0.borrow_mut().drain().collect();
        all.into_iter()
    }
    fn entries(&self) -> u64 {
        self.0.borrow().len() as u64
    }
    fn weight(&self) -> u64 {
        self.0.borrow().weight()
    }
    fn heaviest(&self) -> u64 {
        self.0.borrow().capacity()
    }
}

macro_rules! opaque {
    ($($name:ident),*) => { $(
        impl<O, H> fmt::Debug for $name<O, H> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )* };
}

opaque!(SharedTable, LocalTable);
