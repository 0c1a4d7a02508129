//! A new value on its way into every tier, the stores first, outermost foremost, then memory; and an old one's way out.

use std::{pin::pin, time::Duration};

use super::{
    Cache, Landing,
    memory::Arrival,
    stores::{Guards, Sending, Shipped},
};
use crate::{
    bridge::Shell,
    core::{DRAIN, Removal, within},
    entry::Times,
    fence::Seat,
    key::parts::Key,
    memory::{held::Held, table::Table},
    strategy::{
        Draft, Verdict,
        life::{self, Terms},
    },
    time::Stamp,
};

/// A value, and what is to be known about it.
pub(super) struct New<'a, V, H> {
    pub(super) value: &'a V,
    pub(super) held: H,
    pub(super) draft: Draft,
    pub(super) load_began: Stamp,
    pub(super) partition: u64,
    pub(super) guards: Guards,
}

/// What the transforms made of a value.
pub(super) enum Kept<V> {
    AsItIs,
    Changed(V),
}

impl<V> Kept<V> {
    /// The value as it is kept.
    pub(super) fn or<'a>(&'a self, value: &'a V) -> &'a V {
        match self {
            Self::AsItIs => value,
            Self::Changed(changed) => changed,
        }
    }
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Cache<O, H, T> {
    /// What is to be known about a new value; `None`, and counted, if it is not to be kept.
    pub(super) fn draft(&self, key: &Key<O>, terms: &Terms, load_time: Duration) -> Option<Draft> {
        let clock = &self.core.clock;
        let random = || life::random(key.hash, clock.tick());
        let lifetime = life::lifetime(&self.core.config.life, terms, || clock.stamp(), random);
        let draft = lifetime.map(|lifetime| Draft { lifetime, load_time, none: terms.none });
        let draft = draft.and_then(|draft| self.approved(key, terms, draft));
        if draft.is_none() {
            self.core.counters.refusals.add(1);
        }
        draft
    }

    /// What the strategies make of a draft.
    pub(super) fn approved(&self, key: &Key<O>, terms: &Terms, mut draft: Draft) -> Option<Draft> {
        let strategies = &self.core.strategies;
        if !strategies.is_empty() {
            let call = self.core.call(Some(key.hash), terms.partition);
            let verdict = strategies.ask_write(&call, &mut draft);
            return (verdict == Verdict::Proceed && !draft.lifetime.is_zero()).then_some(draft);
        }
        Some(draft)
    }

    /// Tells the strategies that a value is kept.
    fn note_write(&self, key: &Key<O>, (draft, partition): (&Draft, u64), kept: bool) {
        if kept && !self.core.strategies.is_empty() {
            self.core.strategies.commit_write(&self.core.call(Some(key.hash), partition), draft);
        }
    }

    /// What the transforms make of a value; `None` if one of them fails.
    pub(super) fn kept(&self, value: &H::Value) -> Option<Kept<H::Value>> {
        if self.transforms.is_empty() { Some(Kept::AsItIs) } else { self.inward(value.clone()).map(Kept::Changed) }
    }

    /// Stores a value, unless something has invalidated it, and says whether it did.
    pub(super) async fn put(
        &self,
        shell: Shell,
        seat: &Seat<O, Landing<H>>,
        key: &Key<O>,
        new: New<'_, H::Value, H>,
    ) -> bool {
        let times = self.times(&new);
        let sending = Sending { value: new.value, times, stores: self.core.tiers().len(), guards: new.guards.clone() };
        let shipped = match self.stored_key(key) {
            Some(stored) => self.write(shell, seat, (&stored, key), sending).await,
            None => Shipped::Outdated,
        };
        if shipped == Shipped::Late {
            return false;
        }
        let (draft, partition) = (new.draft, new.partition);
        let kept = self.keep(seat, key, new, times) || shipped == Shipped::Sent;
        self.note_write(key, (&draft, partition), kept);
        kept
    }

    /// The same in memory, told to nobody.
    pub(super) fn keep(
        &self,
        seat: &Seat<O, Landing<H>>,
        key: &Key<O>,
        new: New<'_, H::Value, H>,
        times: Times,
    ) -> bool {
        let arrival = self.arrive(new, times);
        self.publish(seat, key, arrival)
    }

    /// Puts a value in place of an older one, and says whether it did: it does not if something has invalidated it.
    /// Either way nothing older is served when this returns.
    pub(super) async fn overwrite(
        &self,
        shell: Shell,
        seat: &Seat<O, Landing<H>>,
        key: &Key<O>,
        new: New<'_, H::Value, H>,
    ) -> bool {
        let (draft, partition) = (new.draft, new.partition);
        let stored = self.try_overwrite(shell, seat, key, new).await;
        self.note_write(key, (&draft, partition), stored == Some(true));
        if stored.is_none() {
            within(&self.core.clock, DRAIN, pin!(seat.settled())).await;
        }
        stored.unwrap_or(false)
    }

    /// The same for a value that was made of the older one; `None` if something else came first, or comes between.
    pub(super) async fn overwrite_unchanged(
        &self,
        shell: Shell,
        seat: &Seat<O, Landing<H>>,
        key: &Key<O>,
        new: New<'_, H::Value, H>,
    ) -> Option<bool> {
        let (draft, partition) = (new.draft, new.partition);
        let stored = self.try_overwrite(shell, seat, key, new).await;
        self.note_write(key, (&draft, partition), stored == Some(true));
        stored
    }

    /// `None` if something else came first, or comes between.
    async fn try_overwrite(
        &self,
        shell: Shell,
        seat: &Seat<O, Landing<H>>,
        key: &Key<O>,
        new: New<'_, H::Value, H>,
    ) -> Option<bool> {
        let times = self.times(&new);
        let shipment = self.stored_key(key).map(|stored| {
            let shipment = self.pack(&stored, key, new.value, times, self.core.tiers().len());
            shipment.under(new.guards.clone())
        });
        let arrival = self.arrive(new, times);
        let overwriting = seat.overwrite()?;
        let shipped = shipment.is_some();
        if let Some(shipment) = shipment {
            let admitted = within(&self.core.clock, DRAIN, pin!(overwriting.admit())).await.flatten()?;
            if self.ship(shell, shipment, admitted).await == Shipped::Late {
                drop(self.forget(key));
                return Some(false);
            }
        }
        self.replace(seat, overwriting, key, arrival).map(|stands| stands || shipped)
    }

    /// Removes a value from every tier, fenced.
    pub(super) async fn invalidate(&self, shell: Shell, key: &Key<O>) -> Removal {
        // Before the key is closed: what this runs of the user's may write there, and would wait for it.
        let stored_key = self.stored_key(key);
        let (seat, ()) = self.fence.enter(key, |_, _| ());
        let closed = seat.close();
        let mut stored = Removal::Absent;
        if let Some(stored_key) = stored_key {
            if within(&self.core.clock, DRAIN, pin!(closed.quiet())).await.is_none() {
                self.bury(&stored_key, closed.overtake().as_ref());
                stored = Removal::Pending;
            }
            stored = stored.and(self.remove_stored(shell, &stored_key).await);
        }
        let forgotten = closed.finish(|| self.forget(key));
        // What was past its time was not there any more.
        stored.and(Removal::of(forgotten.is_some_and(|(_, slot)| self.is_fresh(&slot))))
    }

    pub(super) fn times(&self, new: &New<'_, H::Value, H>) -> Times {
        let created = self.core.clock.stamp();
        let idle = self.core.config.life.tti.map_or(Stamp::NEVER, |tti| created.after(tti));
        let Draft { lifetime, load_time, .. } = new.draft;
        let until = life::until_stamp(created, lifetime).min(idle);
        let keep_until = until.after(self.core.config.life.grace(lifetime));
        Times { load_began: new.load_began, created, fresh_until: until, keep_until, load_time }
    }

    fn arrive(&self, new: New<'_, H::Value, H>, times: Times) -> Arrival<H> {
        Arrival {
            lifetime: new.draft.lifetime,
            weight: self.weight(new.value),
            created: times.created,
            load_time: new.draft.load_time,
            held: new.held,
        }
    }
}
