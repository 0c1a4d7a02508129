//! One load of a key at a time among all processes that share a store.

use std::{
    future::pending,
    hash::{BuildHasher, RandomState},
    pin::pin,
    time::Duration,
};

use super::{Cache, Leader, stores::StoredKey};
use crate::{
    bridge::{self, Shell},
    core::{Subject, within},
    error::Result,
    memory::{held::Held, table::Table},
    sync::{Arc, AtomicU64, EventListener, OnceLock, Ordering, global},
    tier::Lease,
};

/// How long a caller first waits for another process before it looks by itself, and at most: where the store tells of
/// changes it is woken earlier.
const FIRST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_millis(500);

/// Who asks: unlike any other asker of any process.
fn owner() -> String {
    global! {
        static PROCESS: OnceLock<u64> = OnceLock::new();
        static COUNT: AtomicU64 = AtomicU64::new(0);
    }
    let process = PROCESS.get_or_init(|| RandomState::new().hash_one(std::process::id()));
    format!("{process:016x}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Leader<O, H, T> {
    /// Waits until the load is given to this process, or another one's value is in the store: that comes back. After
    /// `patience`, and where the store can't be asked, the body runs all the same.
    pub(super) async fn take_lease(&mut self, shell: Shell) -> Option<H::Value> {
        let core = Arc::clone(&self.cache.core);
        let end = core.clock.tick().after(core.patience);
        let (owner, mut pause) = (owner(), FIRST);
        loop {
            let stored = self.loads.first().and_then(|load| self.within(|| self.cache.stored_key(&load.key)))?;
            let news = self.cache.news(&stored);
            let changed = news.as_ref().map(|subject| subject.changed.listen());
            let asked = self.as_part(pin!(self.cache.lease(shell, &stored, owner.clone()))).await;
            if let Some(lease) = core.key_or_fault(asked)? {
                self.loads.first_mut()?.guards.lease = Some(Arc::new(lease));
                // The one who had it before may have put what is wanted.
                return self.look_again(shell).await;
            }
            if core.clock.tick() >= end {
                return None;
            }
            self.as_part(pin!(within(&core.clock, pause, pin!(told(changed))))).await;
            pause = (pause * 2).min(LONGEST);
            if let Some(value) = self.look_again(shell).await {
                return Some(value);
            }
        }
    }
}

/// Waits for news; for ever where there are none.
async fn told(changed: Option<EventListener>) {
    match changed {
        Some(changed) => changed.await,
        None => pending().await,
    }
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Cache<O, H, T> {
    async fn lease(&self, shell: Shell, stored: &StoredKey, owner: String) -> Result<Option<Lease>> {
        let Some(tier) = self.core.tiers().last().map(Arc::clone) else { return Ok(None) };
        let (core, name, place) = (Arc::clone(&self.core), stored.shared_name(), tier.place_of_reads());
        let asking = async move {
            let life = core.patience;
            tier.ask(async |store| store.lease(core.store_key(store, &name)?, owner, life).await).await
        };
        bridge::drive(shell, place, asking).await
    }

    /// What is notified when others change the entry, where they are heard of.
    fn news(&self, stored: &StoredKey) -> Option<Arc<Subject>> {
        self.core.marks(&stored.shared_name()).last().map(|mark| self.core.news.of(mark))
    }
}
