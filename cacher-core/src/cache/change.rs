//! What a cache without a function does besides: looks a key up without loading it, and changes a value by what it is.

use std::pin::pin;

use super::{
    Asked, Cache, Keyed, Leader, Lookup,
    shipment::Guards,
    write::{Kept, New, Placing},
};
use crate::{
    bridge::Shell,
    core::{DRAIN, within},
    error::{Error, Kind},
    flight::Outcome,
    key::parts::Key,
    memory::{held::Held, table::Table},
    observe::{Span, Verdict},
    strategy::{Draft, life::Terms},
    sync::Arc,
    tags::{self, Tagged},
};

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Cache<O, H, T> {
    /// What a store has, which goes to the tiers above it. Loads nothing, and waits for no load.
    pub(crate) async fn seek(
        self: &Arc<Self>,
        shell: Shell,
        (key, terms): (Key<O>, Terms),
        asked: Asked,
    ) -> Option<H::Value> {
        if !self.core.has_stores() {
            self.core.counters.misses.add(1);
            return None;
        }
        let (seat, ()) = self.fence.enter(&key, |_, _| ());
        let terms = terms.ruled(self.core.ruling.ttl());
        let span = Span::of(&self.core.name);
        let leader = Leader::new(self, key, seat, None, terms).in_span(&span);
        match span.drive(pin!(leader.look_in_stores(shell, asked))).await {
            Lookup::Hit(value) => return Some(value),
            Lookup::Miss(leader) if leader.due_value(0).is_some() => {
                let value = leader.due_value(0);
                leader.land(Outcome::Failed(None));
                return value;
            }
            // Nobody follows: the lead is given up, and no load has failed.
            Lookup::Miss(leader) => leader.land(Outcome::Failed(None)),
            _ => {}
        }
        span.end(Verdict::Absent);
        None
    }
}

/// What became of a change.
#[derive(Debug)]
pub(crate) struct Changed<V> {
    /// What was made of the value; `None` if it was to stay as it is.
    pub(crate) made: Option<V>,
    /// Whether that is kept.
    pub(crate) kept: bool,
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Keyed<O, H, T> {
    /// Puts what `change` makes of the value in its place, if nothing else was put there or removed meanwhile; else
    /// asks again.
    pub(crate) async fn change<F>(&self, shell: Shell, mut change: F) -> Changed<H::Value>
    where
        F: FnMut(Option<H::Value>) -> Option<H::Value>,
    {
        let clock = &self.cache.core.clock;
        let deadline = clock.tick().after(self.cache.core.patience);
        loop {
            // The seat comes before the read.
            let (seat, ()) = self.cache.fence.enter(&self.key, |_, _| ());
            let watching = within(clock, DRAIN, pin!(seat.watching())).await;
            let stores = self.cache.core.tiers().len();
            let tokens = self.cache.learn(shell, std::iter::once(&self.terms), stores).await;
            let since = tags::now();
            let Some(made) = change(self.peek(shell).await) else { return Changed { made: None, kept: false } };
            let Some(seat) = watching.filter(|_| clock.tick() < deadline) else {
                self.cache.core.fault(overtaken());
                return Changed { made: Some(made), kept: false };
            };
            let Some((kept, draft)) = self.drafted(&made) else {
                self.cache.invalidate(shell, &self.key).await;
                return Changed { made: Some(made), kept: false };
            };
            let tagged = self.cache.tagged(&self.terms, kept.or(&made), since);
            let mut new = self.new_value(kept.or(&made), draft, tagged);
            new.tokens = self.cache.learn_more(shell, tokens, &new.tagged).await;
            let placing = Placing { seat: &seat, key: &self.key, new };
            if let Some(kept) = self.cache.overwrite_unchanged(shell, placing).await {
                return Changed { made: Some(made), kept };
            }
        }
    }

    /// A value as it is to be kept, and what is to be known about it; `None`, and counted, if it is not.
    pub(super) fn drafted(&self, value: &H::Value) -> Option<(Kept<H::Value>, Draft)> {
        let terms = self.terms.with((self.cache.seen)(value));
        self.cache.kept(value).zip(self.cache.draft(&self.key, &terms, None))
    }

    /// A value to put.
    pub(super) fn new_value<'a>(&self, value: &'a H::Value, draft: Draft, tagged: Tagged) -> New<'a, H::Value, H> {
        let load_began = self.cache.core.load_stamp();
        New {
            value,
            held: H::hold(value.clone()),
            draft,
            load_began,
            partition: self.terms.partition,
            left_out: self.cache.core.left_out(&self.terms),
            guards: Guards::default(),
            tagged,
            tokens: None,
        }
    }
}

fn overtaken() -> Error {
    let text =
        "a change of a value was not kept: the store did not answer, or others of the same key always came first";
    Error::new(Kind::Unavailable, text)
}
