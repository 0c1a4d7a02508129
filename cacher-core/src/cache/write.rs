//! A new value on its way into every tier, the stores first, outermost foremost, then memory; and an old one's way out.

use std::time::Duration;

use super::{Cache, Landing, memory::Arrival};
use crate::{
    bridge::Shell,
    core::{DRAIN, Removal, within},
    entry::Times,
    fence::Seat,
    key::parts::Key,
    memory::{held::Held, table::Table},
    strategy::life::{self, Terms},
    time::Stamp,
};

/// A value, and how long it is to live.
pub(super) struct New<'a, V, H> {
    pub(super) value: &'a V,
    pub(super) held: H,
    pub(super) lifetime: Duration,
    pub(super) load_began: Stamp,
    pub(super) load_time: Duration,
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Cache<O, H, T> {
    /// How long a value lives; `None`, and counted, if it is not to be kept.
    pub(super) fn lifetime(&self, key: &Key<O>, terms: &Terms) -> Option<Duration> {
        let random = life::random(key.hash, self.core.clock.tick());
        let lifetime = life::lifetime(&self.core.config.life, terms, self.core.clock.stamp(), random);
        if lifetime.is_none() {
            self.core.counters.refusals.add(1);
        }
        lifetime
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
        let shipped = match self.stored_key(key) {
            Some(stored) => self.write(shell, seat, (&stored, key), new.value, times, self.core.tiers().len()).await,
            None => false,
        };
        let arrival = self.arrive(new, times);
        self.publish(seat, key, arrival) || shipped
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
        let stored = self.try_overwrite(shell, seat, key, new).await;
        if stored.is_none() {
            within(&self.core.clock, DRAIN, seat.settled()).await;
        }
        stored.unwrap_or(false)
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
        let shipment =
            self.stored_key(key).map(|stored| self.pack(&stored, key, new.value, times, self.core.tiers().len()));
        let arrival = self.arrive(new, times);
        let overwriting = seat.overwrite()?;
        let shipped = shipment.is_some();
        if let Some(shipment) = shipment {
            let admitted = within(&self.core.clock, DRAIN, overwriting.admit()).await.flatten()?;
            self.ship(shell, shipment, admitted).await;
        }
        self.replace(seat, overwriting, key, arrival).map(|stands| stands || shipped)
    }

    /// Removes a value from every tier, fenced.
    pub(super) async fn invalidate(&self, shell: Shell, key: &Key<O>) -> Removal {
        let (seat, ()) = self.fence.enter(key, |_, _| ());
        let closed = seat.close();
        let mut stored = Removal::Absent;
        if let Some(stored_key) = self.stored_key(key) {
            if within(&self.core.clock, DRAIN, closed.quiet()).await.is_none() {
                self.bury(&stored_key, closed.overtake().as_ref());
                stored = Removal::Pending;
            }
            stored = stored.and(self.remove_stored(shell, &stored_key).await);
        }
        let forgotten = closed.finish(|| self.forget(key));
        // What was past its time was not there any more.
        stored.and(Removal::of(forgotten.is_some_and(|(_, slot)| self.is_fresh(&slot))))
    }

    fn times(&self, new: &New<'_, H::Value, H>) -> Times {
        let created = self.core.clock.stamp();
        let idle = self.core.config.life.tti.map_or(Stamp::NEVER, |tti| created.after(tti));
        let until = life::until_stamp(created, new.lifetime).min(idle);
        let New { load_began, load_time, .. } = *new;
        Times { load_began, created, fresh_until: until, keep_until: until, load_time }
    }

    fn arrive(&self, new: New<'_, H::Value, H>, times: Times) -> Arrival<H> {
        Arrival {
            lifetime: new.lifetime,
            weight: self.weight(new.value),
            created: times.created,
            load_time: new.load_time,
            held: new.held,
        }
    }
}
