//! The revisions of one key, in the last store.

use super::{Cache, Keyed, SharedOperations, entry::Sent, stores::StoredKey};
use crate::{
    backend,
    bridge::{self, Shell},
    codec::guarded,
    envelope,
    error::{Error, Kind, Result},
    memory::{
        held::{Held, HeldByAll},
        table::Table,
    },
    sync::Arc,
    tier::Store,
    wrap::revised::{Revised, Revision},
};

/// Which of the revisions.
#[derive(Clone, Debug)]
pub enum Which {
    /// By its number, or from the end if that is negative.
    Number(i64),
    /// By a name that pins it.
    Name(String),
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Keyed<O, H, T> {
    /// What the store answers about revisions; nothing, and reported, if it fails or there is none.
    async fn ask<A: Send + 'static>(
        &self,
        shell: Shell,
        act: impl FnOnce(&Revised, &backend::Key) -> Result<A> + Send + 'static,
    ) -> Result<A> {
        let core = Arc::clone(&self.cache.core);
        let absent = || Error::new(Kind::NotCached, "nothing is stored for this call");
        let tier = core.tiers().last().cloned().ok_or_else(absent)?;
        let name = self.stored().ok_or_else(absent)?.shared_name();
        bridge::run(shell, false, move || tier.operate(|store| act(revised(store)?, &core.store_key(store, &name)?)))
            .await
    }

    /// The same, where a failure is a fault.
    async fn ask_or_fault<A: Send + 'static>(
        &self,
        shell: Shell,
        act: impl FnOnce(&Revised, &backend::Key) -> Result<A> + Send + 'static,
    ) -> Option<A> {
        match self.ask(shell, act).await {
            Err(error) if error.kind() == Kind::NotCached => None,
            answer => self.cache.core.or_fault(answer),
        }
    }

    async fn revision(&self, shell: Shell, which: Which) -> Option<H::Value> {
        if !self.cache.may_read(self.key.hash) {
            return None;
        }
        let entry = self.ask_or_fault(shell, move |revised, key| match which {
            Which::Number(number) => revised.revision(key, number),
            Which::Name(name) => revised.named(key, &name),
        });
        let entry = entry.await.flatten()?;
        self.cache.outward(self.cache.open_revision(&self.stored()?, &entry)?)
    }
}

fn revised(store: &Store) -> Result<&Revised> {
    let none = || Error::new(Kind::Unsupported, "the store keeps no revisions");
    store.revised.as_ref().ok_or_else(none)
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Cache<O, H, T> {
    /// The value of a revision, however old. What was invalidated is none.
    fn open_revision(&self, key: &StoredKey, entry: &[u8]) -> Option<H::Value> {
        let last = self.core.tiers().len().checked_sub(1)?;
        let format = self.core.or_fault(self.core.tiers()[last].store().map(|store| store.format.clone()))?;
        let opened = self.core.or_fault(envelope::open(entry, self.encoding(&format), &self.shown(&format, key)))?;
        if self.core.graves[last].holds(key.name(), opened.times.load_began) {
            return None;
        }
        let decode = self.codec.as_ref()?.decode;
        let context = self.context(key, &opened.times);
        self.core.or_fault(guarded(|| decode(&format, &opened.value, &context)))
    }
}

/// What can be done with the revisions of one key, free of its types but the value's.
pub trait RevisedOperations<V: 'static>: SharedOperations<V> {
    #[doc(hidden)]
    fn revision(&self, shell: Shell, which: Which) -> Sent<'_, Option<V>>;
    #[doc(hidden)]
    fn revisions(&self, shell: Shell) -> Sent<'_, Vec<Revision>>;
    #[doc(hidden)]
    fn pin(&self, shell: Shell, name: String) -> Sent<'_, Result<()>>;
    #[doc(hidden)]
    fn unpin(&self, shell: Shell, name: String) -> Sent<'_, bool>;
    #[doc(hidden)]
    fn clear_unpinned(&self, shell: Shell) -> Sent<'_, u64>;
}

impl<V, O, H, T> RevisedOperations<V> for Keyed<O, H, T>
where
    V: 'static,
    O: Eq + Clone + Send + Sync + 'static,
    H: HeldByAll<Value = V>,
    T: Table<O, H> + Send + Sync,
{
    fn revision(&self, shell: Shell, which: Which) -> Sent<'_, Option<V>> {
        Box::pin(self.revision(shell, which))
    }

    fn revisions(&self, shell: Shell) -> Sent<'_, Vec<Revision>> {
        Box::pin(async move { self.ask_or_fault(shell, Revised::revisions).await.unwrap_or_default() })
    }

    fn pin(&self, shell: Shell, name: String) -> Sent<'_, Result<()>> {
        Box::pin(self.ask(shell, move |revised, key| revised.pin(key, &name)))
    }

    fn unpin(&self, shell: Shell, name: String) -> Sent<'_, bool> {
        let unpin = move |revised: &Revised, key: &backend::Key| revised.unpin(key, &name);
        Box::pin(async move { self.ask_or_fault(shell, unpin).await.unwrap_or(false) })
    }

    fn clear_unpinned(&self, shell: Shell) -> Sent<'_, u64> {
        Box::pin(async move { self.ask_or_fault(shell, Revised::clear_unpinned).await.unwrap_or(0) })
    }
}
