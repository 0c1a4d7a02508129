//! Values on their way into the stores: sealed, admitted, sent together.

use std::pin::pin;

use super::{
    Cache, Landing,
    shipment::{Guards, Parcel, Shipment, Shipped, deliver},
    stores::{Found, StoredKey},
};
use crate::{
    bridge::{self, Shell},
    codec::guarded,
    core::{
        DRAIN, LeftOut,
        tokens::{self, TokensOfTiers},
        within,
    },
    entry::Times,
    envelope::{self, Content},
    error::Result,
    fence::{Admission, Admitted, Seat},
    format::Format,
    key::parts::Key,
    memory::{held::Held, table::Table},
    strategy::life::{self, Terms},
    sync::Arc,
    tags::Tagged,
};

/// A value that is to go to the first stores.
pub(super) struct Sending<'a, O, H: Held> {
    pub(super) seat: &'a Seat<O, Landing<H>>,
    pub(super) key: (&'a StoredKey, &'a Key<O>),
    pub(super) value: &'a H::Value,
    pub(super) times: Times,
    pub(super) stores: usize,
    /// Those of them that it does not go to.
    pub(super) left_out: LeftOut,
    pub(super) guards: Guards,
    pub(super) tagged: &'a Tagged,
    pub(super) tokens: Option<TokensOfTiers>,
}

/// An entry that was found, by whom, and what is said about it.
pub(super) struct Finding<'a, O, H: Held> {
    pub(super) seat: &'a Seat<O, Landing<H>>,
    pub(super) key: (&'a StoredKey, &'a Key<O>),
    pub(super) found: &'a Found<H::Value>,
    pub(super) terms: &'a Terms,
}

impl<O, H: Held> Sending<'_, O, H> {
    /// What the entry carries for its tags in a store; `None` if that is not known.
    fn carried(&self, tier: usize) -> Option<Vec<u8>> {
        if self.tagged.is_none() {
            return Some(Vec::new());
        }
        self.tokens.as_ref()?.get(tier)?.as_ref()?.carried(self.tagged.ids())
    }

    fn knows_its_tokens(&self) -> bool {
        (0..self.stores).all(|tier| self.left_out.has(tier) || self.carried(tier).is_some())
    }
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
            let (tagged, tokens, guards) = (&found.tagged, found.tokens.clone(), Guards::default());
            let left_out = self.core.left_out(finding.terms);
            Sending { seat, key: *key, value: &found.value, times, stores, left_out, guards, tagged, tokens }
        });
        let sendings = sendings.filter(|sending| sending.stores > 0 && sending.knows_its_tokens());
        let sendings: Vec<_> = sendings.collect();
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
        // Encoding runs the user's code: before any write is admitted, which others wait for.
        let shipments: Vec<_> = sendings.iter().map(|sending| self.pack(sending)).collect();
        for (at, shipment) in shipments.into_iter().enumerate() {
            match sendings[at].seat.try_admit() {
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
            let admitted = within(&self.core.clock, DRAIN, pin!(sendings[at].seat.admit())).await.flatten();
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
        // On the heap once: it is large, and each layer around it would keep a copy.
        bridge::drive(shell, place, Box::pin(async move { deliver(&core, shipments).await })).await
    }

    /// Seals a value for each of the first stores, but for those left out.
    pub(super) fn pack(&self, sending: &Sending<'_, O, H>) -> Shipment {
        let Sending { key, value, times, stores, ref guards, .. } = *sending;
        let now = self.core.clock.stamp();
        let entries = self.core.tiers()[..stores].iter().enumerate().map(|(at, tier)| {
            if sending.left_out.has(at) {
                return None;
            }
            let times = tier.store().map_or(times, |store| store.times(times, now));
            let entry = tier.store().and_then(|store| {
                let carried = sending.carried(at).ok_or_else(tokens::tags_unknown)?;
                self.seal(&store.format, key, (value, &carried), &times)
            });
            Some(Parcel { entry, expires: times.keep_until.to_system() })
        });
        Shipment { name: key.0.shared_name(), times, entries: entries.collect(), guards: guards.clone() }
    }

    fn seal(
        &self,
        format: &Format,
        (key, owned): (&StoredKey, &Key<O>),
        (value, tags): (&H::Value, &[u8]),
        times: &Times,
    ) -> Result<Vec<u8>> {
        let Some(codec) = &self.codec else { return Ok(Vec::new()) };
        let context = self.context(key, times);
        let value = guarded(|| (codec.encode)(format, value, &context))?;
        if format.is_bare() {
            return if tags.is_empty() { Ok(value) } else { Err(tokens::tags_unkept()) };
        }
        let arguments = guarded(|| Ok((codec.arguments)(format, &owned.parts, self.core.config.arguments)))?;
        let within = Content { value: &value, arguments: arguments.as_deref(), tags };
        Ok(envelope::seal(codec.encoding(format), &self.shown(format, key), times, &within))
    }
}
