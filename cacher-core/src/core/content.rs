//! What a cache holds, by number and by key.

use super::Core;
use crate::{
    bridge::{self, Shell},
    codec::named,
    envelope::{self, Header},
    error::{Error, Kind, Result},
    memory::table::Bound,
    strategy::life::{self, Terms},
    sync::{Arc, lock},
    tier,
};

/// What the entries of a namespace say of themselves.
fn headers(store: &tier::Store, namespace: &str) -> Result<Vec<Header>> {
    if store.format.conceals() || store.format.is_bare() {
        let message = format!("entries in the format `{}` don't say of which call they are", store.format.name());
        return Err(Error::new(Kind::Unsupported, message));
    }
    let mut found = Vec::new();
    store.backend.scan(namespace, &mut |scanned| {
        found.extend(envelope::inspect(&scanned.entry).filter(|header| header.namespace == namespace));
        true
    })?;
    Ok(found)
}

impl Core {
    /// Entries in memory, and what they weigh if that is bounded.
    pub(super) fn size(&self) -> (u64, u64) {
        let start = lock(&self.local).of(self.generation.current());
        let sizes = self.members().into_iter().map(|member| member.size());
        let (entries, weight) = sizes.fold(start, |(entries, weight), size| (entries + size.0, weight + size.1));
        let weighed = matches!(self.bound, Some(Bound::Bytes(_)));
        (entries, if weighed { weight } else { 0 })
    }

    /// How many entries the last tier has: a store if there is one, else memory.
    pub(crate) async fn len(self: &Arc<Self>, shell: Shell) -> u64 {
        let Some(tier) = self.tiers.last().cloned() else { return self.size().0 };
        let namespace = Arc::clone(&self.namespace);
        let quick = tier.reads_quickly();
        let answer = bridge::run(shell, quick, move || tier.operate(|store| store.backend.len(&namespace))).await;
        self.or_fault(answer).unwrap_or_else(|| self.size().0)
    }

    /// The encoded keys of the entries of the last tier that are within their time.
    ///
    /// # Errors
    /// [`Kind::Unsupported`] if there is no store, or it has no [`scan`](crate::backend::Backend::scan).
    pub(crate) async fn keys(self: &Arc<Self>, shell: Shell) -> Result<Vec<Vec<u8>>> {
        let text = "memory alone can't be walked through: add a store";
        let tier = self.tiers.last().ok_or_else(|| Error::new(Kind::Unsupported, text))?;
        let (tier, namespace) = (Arc::clone(tier), Arc::clone(&self.namespace));
        let quick = tier.reads_quickly();
        let found = bridge::run(shell, quick, move || tier.operate(|store| headers(store, &namespace))).await?;
        let now = self.clock.stamp();
        let lives = |entry: &Header| life::remaining(&entry.times, &Terms::new(), now).is_some();
        let lives = found.into_iter().filter(lives).filter(|entry| !self.is_buried(entry));
        Ok(lives.map(|entry| entry.key).collect())
    }

    /// Whether an entry of the last tier was removed, and only stands there because the store could not be reached.
    fn is_buried(&self, entry: &Header) -> bool {
        let graves = self.graves.last().filter(|graves| graves.count() > 0);
        graves.is_some_and(|graves| {
            let name = self.or_fault(named(|| self.stored_name(&entry.key)));
            name.is_some_and(|name| graves.holds(&name, entry.times.load_began))
        })
    }
}
