//! Values on their way into the stores: sealed, admitted, sent together.

use super::{
    Cache, Landing,
    shipment::{Guards, Parcel, Shipment, Shipped, deliver},
    stores::{Found, StoredKey},
};
use crate::{
    bridge::{self, Shell},
    codec::guarded,
    core::{DRAIN, within},
    entry::Times,
    envelope::{self, Content},
    error::Result,
    fence::{Admission, Admitted, Seat},
    format::Format,
    key::parts::Key,
    memory::{held::Held, table::Table},
    strategy::life::{self, Terms},
    sync::Arc,
};

/// A value that is to go to the first stores.
pub(super) struct Sending<'a, O, H: Held> {
    pub(super) seat: &'a Seat<O, Landing<H>>,
    pub(super) key: (&'a StoredKey, &'a Key<O>),
    pub(super) value: &'a H::Value,
    pub(super) times: Times,
    pub(super) stores: usize,
    pub(super) guards: Guards,
}

/// An entry that was found, by whom, and what is said about it.
pub(super) struct Finding<'a, O, H: Held> {
    pub(super) seat: &'a Seat<O, Landing<H>>,
    pub(super) key: (&'a StoredKey, &'a Key<O>),
    pub(super) found: &'a Found<H::Value>,
    pub(super) terms: &'a Terms,
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Cache<O, H, T> {
    /// Puts found entries in the stores above, with the life they have left, and says later that they were asked for.
    pub(super) async fn back_fill(&self, shell: Shell, findings: &[Finding<'_, O, H>]) {
        let sendings = findings.iter().map(|finding| {
            let Finding { seat, key, found, .. } = finding;
            let (times, stores) = match self.touched(found, finding.terms) {
                Some(times) => (times, found.tier + 1),
                None => (found.times, found.tier),
            };
            Sending { seat, key: *key, value: &found.value, times, stores, guards: Guards::default() }
        });
        let sendings: Vec<_> = sendings.filter(|sending| sending.stores > 0).collect();
        if !sendings.is_empty() {
            self.write(shell, &sendings).await;
        }
    }

    /// The times of an entry that was asked for, where that prolongs its life. An entry is rewritten at most eight
    /// times in the time that it may be idle.
    fn touched(&self, found: &Found<H::Value>, terms: &Terms) -> Option<Times> {
        let tti = self.core.config.life.tti?;
        let end = life::end_of(found.times.created, &terms.with((self.seen)(&found.value)));
        let later = self.core.clock.stamp().after(tti).min(end);
        let grace = found.times.keep_until.since(found.times.fresh_until);
        let prolonged = Times { fresh_until: later, keep_until: later.after(grace), ..found.times };
        (later.since(found.times.fresh_until) > tti / 8).then_some(prolonged)
    }

    /// Writes values to the first stores, all at once, but for those that something has invalidated. Of one at whose
    /// key another write goes on, when that has ended.
    pub(super) async fn write(&self, shell: Shell, sendings: &[Sending<'_, O, H>]) -> Vec<Shipped> {
        let mut shipped = vec![Shipped::Outdated; sendings.len()];
        let (mut together, mut sent, mut later) = (Vec::new(), Vec::new(), Vec::new());
        for (at, sending) in sendings.iter().enumerate() {
            // Encoding runs the user's code: before the write is admitted, which others wait for.
            let shipment = self.pack(sending);
            match sending.seat.try_admit() {
                Admission::Now(admitted) => {
                    together.push((shipment, admitted));
                    sent.push(at);
                }
                // Not waited for while the others are admitted: who goes on there may wait for one of these.
                Admission::Busy(_) => later.push((at, shipment)),
                Admission::Outdated => {}
            }
        }
        for (at, outcome) in sent.into_iter().zip(self.ship(shell, together).await) {
            shipped[at] = outcome;
        }
        for (at, shipment) in later {
            let admitted = within(&self.core.clock, DRAIN, sendings[at].seat.admit()).await.flatten();
            if let Some(admitted) = admitted {
                shipped[at] = self.ship_one(shell, shipment, admitted).await;
            }
        }
        shipped
    }

    pub(super) async fn ship_one(&self, shell: Shell, shipment: Shipment, admitted: Admitted) -> Shipped {
        self.ship(shell, vec![(shipment, admitted)]).await.pop().unwrap_or(Shipped::Outdated)
    }

    /// Sends values to their stores. They arrive even if the caller does not wait for it.
    pub(super) async fn ship(&self, shell: Shell, shipments: Vec<(Shipment, Admitted)>) -> Vec<Shipped> {
        let core = Arc::clone(&self.core);
        let stores = shipments.iter().map(|(shipment, _)| shipment.entries.len()).max().unwrap_or_default();
        let place = core.place_of_writes(stores);
        bridge::drive(shell, place, async move { deliver(&core, shipments).await }).await
    }

    /// Seals a value for each of the first stores.
    pub(super) fn pack(&self, sending: &Sending<'_, O, H>) -> Shipment {
        let Sending { key: (key, owned), value, times, stores, ref guards, .. } = *sending;
        let now = self.core.clock.stamp();
        let entries = self.core.tiers()[..stores].iter().map(|tier| {
            let times = tier.store().map_or(times, |store| store.times(times, now));
            let entry = tier.store().and_then(|store| self.seal(&store.format, (key, owned), value, &times));
            Parcel { entry, expires: times.keep_until.to_system() }
        });
        Shipment { name: key.shared_name(), times, entries: entries.collect(), guards: guards.clone() }
    }

    fn seal(
        &self,
        format: &Format,
        (key, owned): (&StoredKey, &Key<O>),
        value: &H::Value,
        times: &Times,
    ) -> Result<Vec<u8>> {
        let Some(codec) = &self.codec else { return Ok(Vec::new()) };
        let context = self.context(key, times);
        let value = guarded(|| (codec.encode)(format, value, &context))?;
        if format.is_bare() {
            return Ok(value);
        }
        let arguments = guarded(|| Ok((codec.arguments)(format, &owned.parts, self.core.config.arguments)))?;
        let within = Content { value: &value, arguments: arguments.as_deref() };
        Ok(envelope::seal(codec.encoding(format), &self.shown(format, key), times, &within))
    }
}
