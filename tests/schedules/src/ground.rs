//! Where a cache keeps its entries, and how long they live.

use std::{sync::Arc, time::Duration};

use cacher_core::{backend::Cost, direct::Cache};

use crate::shelf::Shelf;

/// The tiers of a cache.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ground {
    Memory,
    /// One that is as quick as memory.
    Store,
    /// Whose operations are done by worker threads for async callers.
    MemoryAndStore,
    /// A quick one in front of one that is not.
    TwoStores,
}

/// How long values live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    Ever,
    /// For a time.
    Short,
    /// The same, and as long again while they are loaded anew.
    Stale,
    /// Until a tag is invalidated.
    Tagged,
}

/// How long short lives are.
pub(crate) const TTL: Duration = Duration::from_secs(1);
pub(crate) const TAG: &str = "tag";

/// The stores, which outlive a cache.
pub(crate) struct Land {
    ground: Ground,
    life: Life,
    quick: Arc<Shelf>,
    slow: Arc<Shelf>,
}

impl Land {
    pub(crate) fn new(ground: Ground, life: Life) -> Self {
        Self { ground, life, quick: Shelf::new("quick", Cost::InPlace), slow: Shelf::new("slow", Cost::Blocking) }
    }

    pub(crate) fn has_stores(&self) -> bool {
        !matches!(self.ground, Ground::Memory)
    }

    /// A cache on it. There is one at a time.
    pub(crate) fn open(&self) -> Cache<u8, u64> {
        let builder = Cache::builder().name("schedules");
        let builder = match self.ground {
            Ground::Memory => builder.capacity(16),
            Ground::Store => builder.backend(Arc::clone(&self.quick)),
            Ground::MemoryAndStore => builder.backend("memory://?capacity=16").backend(Arc::clone(&self.slow)),
            Ground::TwoStores => builder.backend(Arc::clone(&self.quick)).backend(Arc::clone(&self.slow)),
        };
        let builder = builder.configured(|config| {
            config.tagged = self.life == Life::Tagged;
            config.life.revalidate = (self.life == Life::Stale).then_some(TTL);
        });
        let builder = if matches!(self.life, Life::Short | Life::Stale) { builder.ttl(TTL) } else { builder };
        let cache = builder.build().expect("a cache");
        if self.life == Life::Tagged { cache.with_terms(|terms| terms.tags([TAG])) } else { cache }
    }
}
