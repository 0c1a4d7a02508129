//! A new value on its way into every tier, the stores first, outermost foremost, then memory; and an old one's way out.

use std::{pin::pin, time::Duration};

use super::{
    Cache, Landing,
    memory::Arrival,
    ship::Sending,
    shipment::{Guards, Shipment, Shipped},
    stores::StoredKey,
};
use crate::{
    bridge::Shell,
    core::{DRAIN, LeftOut, Removal, tokens::TokensOfTiers, within},
    entry::Times,
    fence::{Admission, Closed, Overwriting, Seat},
    key::parts::Key,
    memory::{held::Held, table::Table},
    strategy::{
        Draft, Verdict,
        life::{self, Terms},
    },
    tags::Tagged,
    time::{Stamp, Tick},
};

/// A value, and what is to be known about it.
pub(super) struct New<'a, V, H> {
    pub(super) value: &'a V,
    pub(super) held: H,
    pub(super) draft: Draft,
    pub(super) load_began: Stamp,
    pub(super) partition: u64,
    pub(super) left_out: LeftOut,
    pub(super) guards: Guards,
    pub(super) tagged: Tagged,
    /// What its tags are worth in the stores, if it has some.
    pub(super) tokens: Option<TokensOfTiers>,
}

/// When the life of a new value begins, on the clock of stores and on that of memory: before it is on its way.
#[derive(Clone, Copy)]
pub(super) struct Born {
    times: Times,
    since: Tick,
}

/// A value that is to be put at a key.
pub(super) struct Placing<'a, O, H: Held> {
    pub(super) seat: &'a Seat<O, Landing<H>>,
    pub(super) key: &'a Key<O>,
    pub(super) new: New<'a, H::Value, H>,
}

/// One that is ready to be put in place of an older one.
struct Prepared<'a, O, H: Held> {
    seat: &'a Seat<O, Landing<H>>,
    key: &'a Key<O>,
    arrival: Arrival<H>,
    noted: (Draft, u64),
}

/// One that is being put there.
struct Replacing<'a, O, H: Held> {
    seat: &'a Seat<O, Landing<H>>,
    key: &'a Key<O>,
    overwriting: Overwriting<'a, O, Landing<H>>,
    arrival: Arrival<H>,
    noted: (Draft, u64),
}

/// What became of a value that was to be put in place of an older one.
#[derive(Clone, Copy)]
enum Replaced {
    /// It is kept, or not.
    Settled(bool),
    /// Something else came first, or came between: before it was sent to the stores, or when it was there already.
    Overtaken { sent: bool },
}

/// Takes from memory what is older than a value on its way to the stores, if nobody waits for that any more.
struct Unwatched<'a, O: Eq + Clone + 'static, H: Held, T: Table<O, H>> {
    cache: &'a Cache<O, H, T>,
    key: &'a Key<O>,
    done: bool,
}

impl<'a, O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Unwatched<'a, O, H, T> {
    fn new(cache: &'a Cache<O, H, T>, key: &'a Key<O>) -> Self {
        Self { cache, key, done: false }
    }

    /// The stores have answered.
    fn end(mut self) {
        self.done = true;
    }
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Drop for Unwatched<'_, O, H, T> {
    fn drop(&mut self) {
        if !self.done {
            drop(self.cache.forget(self.key));
        }
    }
}

impl<'a, O, H: Held> Prepared<'a, O, H> {
    /// Begins; nothing if something newer came first.
    fn begin(self) -> Option<Replacing<'a, O, H>> {
        let Self { seat, key, arrival, noted } = self;
        Some(Replacing { seat, key, overwriting: seat.overwrite()?, arrival, noted })
    }
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
    ///
    /// `load_time` says how long its load took, if it was loaded.
    pub(super) fn draft(&self, key: &Key<O>, terms: &Terms, load_time: Option<Duration>) -> Option<Draft> {
        let clock = &self.core.clock;
        let random = || life::random(key.hash, clock.tick());
        let lifetime = life::lifetime(&self.core.config.life, terms, || clock.stamp(), random);
        let (inserted, load_time) = (load_time.is_none(), load_time.unwrap_or_default());
        let draft = lifetime.map(|lifetime| Draft { lifetime, load_time, none: terms.none, inserted });
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
            let approved = verdict == Verdict::Proceed && !draft.lifetime.is_zero();
            if !approved {
                strategies.refuse_write(&call);
            }
            return approved.then_some(draft);
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
    pub(super) async fn put(&self, shell: Shell, placing: Placing<'_, O, H>) -> bool {
        self.put_all(shell, vec![placing]).await.pop().unwrap_or_default()
    }

    /// The same for several values, which go to each store at once.
    pub(super) async fn put_all(&self, shell: Shell, placings: Vec<Placing<'_, O, H>>) -> Vec<bool> {
        let stored: Vec<_> = placings.iter().map(|one| (self.key_of(one), self.born(&one.new))).collect();
        let with_key = placings.iter().zip(&stored).enumerate();
        let with_key = with_key.filter_map(|(at, (one, (key, born)))| Some((at, one, key.as_ref()?, born.times)));
        let (places, sendings): (Vec<_>, Vec<_>) =
            with_key.map(|(at, one, key, times)| (at, self.sending(one, key, times))).unzip();
        let mut shipped = vec![Shipped::Outdated; placings.len()];
        if !sendings.is_empty() {
            for (at, outcome) in places.into_iter().zip(self.write(shell, &sendings).await) {
                shipped[at] = outcome;
            }
        }
        drop(sendings);
        let born = stored.into_iter().map(|(_, born)| born);
        let all = placings.into_iter().zip(born).zip(shipped);
        all.map(|((one, born), shipped)| self.put_in_memory(one, born, shipped)).collect()
    }

    /// Keeps in memory what was sent to the stores, but for what may stand nowhere. Says whether it is kept anywhere.
    fn put_in_memory(&self, placing: Placing<'_, O, H>, born: Born, shipped: Shipped) -> bool {
        if shipped == Shipped::Late {
            return false;
        }
        let Placing { seat, key, new } = placing;
        let (draft, partition) = (new.draft, new.partition);
        let kept = self.keep(seat, key, new, born) || shipped == Shipped::Sent;
        self.note_write(key, (&draft, partition), kept);
        kept
    }

    /// The key for the stores, if there is one to which the value is to go.
    fn key_of(&self, placing: &Placing<'_, O, H>) -> Option<StoredKey> {
        let nowhere = placing.new.left_out.has_all(self.core.tiers().len());
        if nowhere { None } else { self.stored_key(placing.key) }
    }

    fn sending<'a>(&self, placing: &'a Placing<'_, O, H>, key: &'a StoredKey, times: Times) -> Sending<'a, O, H> {
        let Placing { seat, key: owned, new } = placing;
        let stores = self.core.tiers().len();
        let (guards, tagged, tokens, left_out) = (new.guards.clone(), &new.tagged, new.tokens.clone(), new.left_out);
        Sending { seat, key: (key, owned), value: new.value, times, stores, left_out, guards, tagged, tokens }
    }

    /// The same in memory, told to nobody.
    pub(super) fn keep(&self, seat: &Seat<O, Landing<H>>, key: &Key<O>, new: New<'_, H::Value, H>, born: Born) -> bool {
        let arrival = self.arrive(new, born);
        self.publish(seat, key, arrival)
    }

    /// Puts a value in place of an older one, and says whether it did: it does not if something has invalidated it.
    /// Either way nothing older is served when this returns.
    pub(super) async fn overwrite(&self, shell: Shell, placing: Placing<'_, O, H>) -> bool {
        self.overwrite_all(shell, vec![placing]).await.pop().unwrap_or_default()
    }

    /// The same for several values, which go to each store at once.
    pub(super) async fn overwrite_all(&self, shell: Shell, placings: Vec<Placing<'_, O, H>>) -> Vec<bool> {
        let seats: Vec<_> = placings.iter().map(|one| one.seat).collect();
        let mut stored = Vec::with_capacity(placings.len());
        for (seat, replaced) in seats.iter().zip(self.try_overwrite(shell, placings).await) {
            stored.push(self.settled(seat, replaced).await.unwrap_or_default());
        }
        stored
    }

    /// The same for a value that was made of the older one; `None` if something else came before it.
    pub(super) async fn overwrite_unchanged(&self, shell: Shell, placing: Placing<'_, O, H>) -> Option<bool> {
        let seat = placing.seat;
        let replaced = self.try_overwrite(shell, vec![placing]).await.pop()?;
        self.settled(seat, replaced).await
    }

    /// Whether a value is kept, or was until something else took its place; `None` if that came first.
    async fn settled(&self, seat: &Seat<O, Landing<H>>, replaced: Replaced) -> Option<bool> {
        match replaced {
            Replaced::Settled(kept) => Some(kept),
            Replaced::Overtaken { sent } => {
                within(&self.core.clock, DRAIN, pin!(seat.settled())).await;
                sent.then_some(true)
            }
        }
    }

    async fn try_overwrite(&self, shell: Shell, placings: Vec<Placing<'_, O, H>>) -> Vec<Replaced> {
        let mut stored = vec![Replaced::Overtaken { sent: false }; placings.len()];
        let (mut together, mut sent, mut later) = (Vec::new(), Vec::new(), Vec::new());
        // What runs the user's code comes first.
        let prepared: Vec<_> = placings.into_iter().map(|placing| self.prepare(placing)).collect();
        for (at, (shipment, prepared)) in prepared.into_iter().enumerate() {
            let Some(replacing) = prepared.begin() else { continue };
            let Some(shipment) = shipment else {
                stored[at] = self.replace_noted(replacing, false);
                continue;
            };
            match replacing.overwriting.try_admit() {
                Admission::Now(admitted) => {
                    together.push((shipment, admitted));
                    // Dropped in this order, while nothing else is written there.
                    sent.push((at, Unwatched::new(self, replacing.key), replacing));
                }
                // As in `write`.
                Admission::Busy(_) => later.push((at, shipment, replacing)),
                Admission::Outdated => {}
            }
        }
        for ((at, unwatched, replacing), shipped) in sent.into_iter().zip(self.ship(shell, together).await) {
            unwatched.end();
            stored[at] = self.replace_shipped(replacing, shipped);
        }
        for (at, shipment, replacing) in later {
            let admitted = within(&self.core.clock, DRAIN, pin!(replacing.overwriting.admit())).await.flatten();
            if let Some(admitted) = admitted {
                let unwatched = Unwatched::new(self, replacing.key);
                let shipped = self.ship_one(shell, shipment, admitted).await;
                unwatched.end();
                stored[at] = self.replace_shipped(replacing, shipped);
            }
        }
        stored
    }

    fn prepare<'a>(&self, placing: Placing<'a, O, H>) -> (Option<Shipment>, Prepared<'a, O, H>) {
        let born = self.born(&placing.new);
        let stored = self.key_of(&placing);
        let shipment = stored.map(|stored| self.pack(&self.sending(&placing, &stored, born.times)));
        let Placing { seat, key, new } = placing;
        let noted = (new.draft, new.partition);
        (shipment, Prepared { seat, key, arrival: self.arrive(new, born), noted })
    }

    /// Follows with memory what was sent to the stores.
    fn replace_shipped(&self, replacing: Replacing<'_, O, H>, shipped: Shipped) -> Replaced {
        if shipped == Shipped::Late {
            drop(self.forget(replacing.key));
            return Replaced::Settled(false);
        }
        self.replace_noted(replacing, true)
    }

    fn replace_noted(&self, replacing: Replacing<'_, O, H>, sent: bool) -> Replaced {
        let Replacing { seat, key, overwriting, arrival, noted: (draft, partition) } = replacing;
        let stands = self.replace(seat, overwriting, key, arrival);
        self.note_write(key, (&draft, partition), stands == Some(true) || sent);
        stands.map_or(Replaced::Overtaken { sent }, |stands| Replaced::Settled(stands || sent))
    }

    /// Removes a value from every tier, fenced.
    pub(super) async fn invalidate(&self, shell: Shell, key: &Key<O>) -> Removal {
        self.invalidate_after(shell, key, async {}).await.0
    }

    /// The same, when `look` has been at what is there: nothing is written in between.
    pub(super) async fn invalidate_after<R>(
        &self,
        shell: Shell,
        key: &Key<O>,
        look: impl Future<Output = R>,
    ) -> (Removal, R) {
        let (mut removals, seen) = self.invalidate_all_after(shell, std::slice::from_ref(key), look).await;
        (removals.pop().unwrap_or(Removal::Absent), seen)
    }

    /// The same for several keys, which each store is told of at once. What a store answers is said of each.
    pub(super) async fn invalidate_all(&self, shell: Shell, keys: &[Key<O>]) -> Vec<Removal> {
        self.invalidate_all_after(shell, keys, async {}).await.0
    }

    pub(super) async fn invalidate_all_after<R>(
        &self,
        shell: Shell,
        keys: &[Key<O>],
        look: impl Future<Output = R>,
    ) -> (Vec<Removal>, R) {
        // Before the keys are closed: what this runs of the user's may write there, and would wait for it.
        let stored: Vec<_> = keys.iter().map(|key| self.stored_key(key)).collect();
        let names: Vec<_> = stored.iter().flatten().map(StoredKey::shared_name).collect();
        let seats: Vec<_> = keys.iter().map(|key| self.fence.enter(key, |_, _| ()).0).collect();
        let closed: Vec<_> = seats.iter().map(Seat::close).collect();
        let mut removal = Removal::Absent;
        if !names.is_empty() {
            let quiet = async {
                for closed in &closed {
                    closed.quiet().await;
                }
            };
            if within(&self.core.clock, DRAIN, pin!(quiet)).await.is_none() {
                for (key, closed) in stored.iter().zip(&closed) {
                    if let Some(key) = key {
                        self.bury(key, closed.overtake().as_ref());
                    }
                }
                removal = Removal::Pending;
            }
        }
        let seen = look.await;
        if !names.is_empty() {
            removal = removal.and(self.core.remove(shell, names).await);
        }
        let finish = |(key, closed): (&Key<O>, Closed<'_, _, _>)| {
            let forgotten = closed.finish(|| self.forget(key));
            self.forget_error(key);
            // What was past its time was not there any more.
            removal.and(Removal::of(forgotten.is_some_and(|(_, slot)| self.is_fresh(&slot))))
        };
        (keys.iter().zip(closed).map(finish).collect(), seen)
    }

    pub(super) fn born(&self, new: &New<'_, H::Value, H>) -> Born {
        let since = self.clock.tick();
        let created = self.core.clock.stamp();
        let idle = self.core.config.life.tti.map_or(Stamp::NEVER, |tti| created.after(tti));
        let Draft { lifetime, load_time, .. } = new.draft;
        let until = life::until_stamp(created, lifetime).min(idle);
        let keep_until = until.after(self.core.config.life.kept_for(lifetime));
        Born { times: Times { load_began: new.load_began, created, fresh_until: until, keep_until, load_time }, since }
    }

    fn arrive(&self, new: New<'_, H::Value, H>, Born { times, since }: Born) -> Arrival<H> {
        Arrival {
            since,
            lifetime: new.draft.lifetime,
            weight: self.weight(new.value),
            created: times.created,
            load_time: new.draft.load_time,
            held: new.held,
            tagged: new.tagged,
            left_out: new.left_out.memory,
        }
    }
}
