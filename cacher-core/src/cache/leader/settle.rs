//! Ends loads with values.

use std::pin::pin;

use super::Leader;
use crate::{
    bridge::Shell,
    cache::{
        load::{Load, Loads},
        shipment::Guards,
        write::{Kept, New, Placing},
    },
    core::{LeftOut, tokens::TokensOfTiers},
    flight::Outcome,
    memory::{held::Held, table::Table},
    strategy::{Draft, LoadEnd, life::Terms},
    tags::Tagged,
};
impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Leader<O, H, T> {
    /// Ends a load with a value where memory is all there is; else the leader comes back, for [`Self::settle`].
    pub(crate) fn settle_at_once(self: Box<Self>, value: &H::Value) -> Option<Box<Self>> {
        match &self.loads {
            Loads::One(load) if self.cache.simple && !load.overwrites && !load.terms.are_particular() => {
                self.span.end(self.success);
                let held = self.within(|| self.keep(load, value));
                self.land(Outcome::Landed(held));
                None
            }
            _ => Some(self),
        }
    }

    /// Puts a value in memory, and gives it for followers.
    fn keep(&self, load: &Load<O, H>, value: &H::Value) -> H {
        let (held, terms) = self.held(load, value);
        if let Some(draft) = self.cache.draft(&load.key, &terms, Some(self.load_time())) {
            let partition = load.terms.partition;
            let new = New {
                value,
                held: held.clone(),
                draft,
                load_began: load.began,
                partition,
                left_out: LeftOut::default(),
                guards: Guards::default(),
                tagged: Tagged::default(),
                tokens: None,
            };
            let born = self.cache.born(&new);
            self.cache.keep(&load.seat, &load.key, new, born);
        }
        held
    }

    /// A value for memory and for followers, and what is said about it.
    fn held(&self, load: &Load<O, H>, value: &H::Value) -> (H, Terms) {
        (H::hold(value.clone()), load.terms.with((self.cache.seen)(value)))
    }

    /// Ends a load with a value: stores it, then hands it to the followers.
    pub(crate) async fn settle(self: Box<Self>, shell: Shell, value: &H::Value) {
        self.settle_all(shell, &[Some(value)]).await;
    }

    /// Ends each load with its value, or with none if the body has none for it.
    pub(crate) async fn settle_all(mut self: Box<Self>, shell: Shell, values: &[Option<&H::Value>]) {
        self.tell(LoadEnd::Value);
        self.loads.iter().for_each(|load| self.cache.holdoffs.forget(load.key.hash));
        self.span.end(self.success);
        let held = self.within(|| {
            let all = self.loads.iter().zip(values);
            all.map(|(load, value)| value.map(|value| self.held(load, value))).collect::<Vec<_>>()
        });
        self.as_part(pin!(async { self.span.drive(pin!(self.store(shell, values, &held))).await })).await;
        self.count_end();
        for (load, held) in self.loads.iter().zip(held) {
            match held {
                Some((held, terms)) => load.land_tagged(held, terms.tags.since(load.since)),
                None => load.land(Outcome::Absent),
            }
        }
    }

    async fn store(&self, shell: Shell, values: &[Option<&H::Value>], held: &[Option<(H, Terms)>]) {
        let cache = &self.cache;
        let all = self.loads.iter().zip(values).zip(held);
        let all = all.filter_map(|((load, value), held)| Some((load, (*value)?, held.as_ref()?)));
        let (mut kept, mut refused) = (Vec::new(), Vec::new());
        for (load, value, (held, terms)) in all {
            let draft = || cache.draft(&load.key, terms, Some(self.load_time()));
            match cache.kept(value).and_then(|kept| Some((kept, draft()?))) {
                Some((changed, draft)) => {
                    let tagged = terms.tags.clone().since(load.since);
                    let tokens = cache.learn_more(shell, load.tokens.clone(), &tagged).await;
                    kept.push((load, value, held, changed, draft, (tagged, tokens)));
                }
                None => refused.push(load),
            }
        }
        let placings = kept
            .iter()
            .map(|(load, value, held, changed, draft, tags)| self.placing(load, value, held, (changed, *draft, tags)));
        let (over, anew): (Vec<_>, Vec<_>) = placings.partition(|(overwrites, _)| *overwrites);
        if !anew.is_empty() {
            cache.put_all(shell, anew.into_iter().map(|(_, placing)| placing).collect()).await;
        }
        if !over.is_empty() {
            cache.overwrite_all(shell, over.into_iter().map(|(_, placing)| placing).collect()).await;
        }
        // What stands there is older than what is not kept.
        let gone: Vec<_> = refused.into_iter().filter(|load| load.overwrites).map(|load| load.key.clone()).collect();
        if !gone.is_empty() {
            cache.invalidate_all(shell, &gone).await;
        }
    }

    fn placing<'a>(
        &self,
        load: &'a Load<O, H>,
        value: &'a H::Value,
        held: &H,
        (kept, draft, tags): (&'a Kept<H::Value>, Draft, &(Tagged, Option<TokensOfTiers>)),
    ) -> (bool, Placing<'a, O, H>) {
        let held = match kept {
            Kept::AsItIs => held.clone(),
            Kept::Changed(value) => H::hold(value.clone()),
        };
        let (partition, guards) = (load.terms.partition, load.guards.clone());
        let (tagged, tokens) = tags.clone();
        let (value, load_began, left_out) = (kept.or(value), load.began, self.cache.core.left_out(&load.terms));
        let new = New { value, held, draft, load_began, partition, left_out, guards, tagged, tokens };
        (load.overwrites, Placing { seat: &load.seat, key: &load.key, new })
    }
}
