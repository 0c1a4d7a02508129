//! Looking keys up without loading them: one, or many at once.

use std::pin::pin;

use super::{
    Asked, Cache, Leader, Lookup,
    stores::{Got, fetched},
};
use crate::{
    bridge::{self, Shell},
    core::Core,
    error::Result,
    flight::Outcome,
    key::parts::Key,
    memory::{held::Held, table::Table},
    observe::{Span, Verdict},
    strategy::life::Terms,
    sync::Arc,
    tier::{Store, Tier},
};

/// One who looks for a key.
struct Seeker<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> {
    leader: Box<Leader<O, H, T>>,
    span: Span,
    asked: Asked,
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Cache<O, H, T> {
    /// What a store has, which goes to the tiers above it. Loads nothing, and waits for no load.
    pub(crate) async fn seek(
        self: &Arc<Self>,
        shell: Shell,
        (key, asked): (Key<O>, Asked),
        terms: Terms,
    ) -> Option<H::Value> {
        if !self.core.has_stores() {
            self.core.counters.misses.add(1);
            return None;
        }
        self.seeker((key, asked), terms).find(shell).await
    }

    /// The same for many keys, for all of which the first store is asked at once.
    pub(crate) async fn seek_many(
        self: &Arc<Self>,
        shell: Shell,
        keys: Vec<(Key<O>, Asked)>,
        terms: Terms,
    ) -> Vec<Option<H::Value>> {
        if !self.core.has_stores() {
            self.core.counters.misses.add(keys.len() as u64);
            return keys.iter().map(|_| None).collect();
        }
        let mut seekers: Vec<_> = keys.into_iter().map(|key| self.seeker(key, terms)).collect();
        self.ask_first_store(shell, &mut seekers).await;
        bridge::each(seekers.into_iter().map(|seeker| Box::pin(seeker.find(shell))).collect()).await
    }

    fn seeker(self: &Arc<Self>, (key, asked): (Key<O>, Asked), terms: Terms) -> Seeker<O, H, T> {
        let (seat, ()) = self.fence.enter(&key, |_, _| ());
        let terms = terms.ruled(self.core.ruling.ttl());
        let span = Span::of(&self.core.name);
        let leader = Leader::new(self, key, seat, None, terms).in_span(&span);
        Seeker { leader, span, asked }
    }

    /// Lets all know what the first store has, if it can be asked for many.
    async fn ask_first_store(&self, shell: Shell, seekers: &mut [Seeker<O, H, T>]) {
        let Some(tier) = self.core.tiers().first() else { return };
        let may_ask = seekers.iter_mut().filter(|seeker| seeker.asked != Asked::Refused);
        let asking = may_ask.filter_map(|Seeker { leader, .. }| Some((leader.about_to_read()?, leader.load.as_mut()?)));
        let asking: Vec<_> = asking.collect();
        let names = asking.iter().map(|(stored, _)| stored.shared_name()).collect();
        let found: Vec<_> = match get_many(&self.core, shell, tier, names).await {
            Ok(Some(found)) => found.into_iter().map(Ok).collect(),
            Ok(None) => return,
            Err(error) => asking.iter().map(|_| Err(error.clone())).collect(),
        };
        for ((stored, load), got) in asking.into_iter().zip(found) {
            load.first = Some((stored, got));
        }
    }
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Seeker<O, H, T> {
    async fn find(self, shell: Shell) -> Option<H::Value> {
        let Self { leader, span, asked } = self;
        match span.drive(pin!(leader.look_in_stores(shell, asked))).await {
            Lookup::Hit(value) => return Some(value),
            // Nobody follows: the lead is given up, and no load has failed.
            Lookup::Miss(leader) => leader.land(Outcome::Failed(None)),
            _ => {}
        }
        span.end(Verdict::Absent);
        None
    }
}

async fn get_many(
    core: &Arc<Core>,
    shell: Shell,
    tier: &Arc<Tier>,
    names: Vec<Arc<str>>,
) -> Result<Option<Vec<Option<Got>>>> {
    let place = tier.place_of_reads();
    let (core, tier) = (Arc::clone(core), Arc::clone(tier));
    bridge::drive(shell, place, async move { tier.ask(|store| fetch_many(store, &core, &names)).await }).await
}

/// `None` where one key may have several names, or the store is asked for more than the entry.
async fn fetch_many(store: &Store, core: &Core, names: &[Arc<str>]) -> Result<Option<Vec<Option<Got>>>> {
    if names.len() < 2 || store.format.conceals() || store.format.is_bare() {
        return Ok(None);
    }
    let keys = names.iter().map(|name| core.store_key(store, name)).collect::<Result<_>>()?;
    let entries = store.get_many(keys).await?;
    Ok(Some(entries.into_iter().map(|entry| entry.map(|bytes| fetched(store, bytes))).collect()))
}
