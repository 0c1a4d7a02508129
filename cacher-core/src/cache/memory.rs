//! The part of a cache that is in memory.

use std::{future::Future, pin::Pin, time::Duration};

use super::{Cache, Landing, stores::Found};
use crate::{
    core::{Member, on_worker_at},
    fence::{Overtaken, Overwriting, Seat},
    key::parts::{ByHash, Key},
    memory::{
        held::Held,
        slot::{Facts, Idle, Slot},
        table::{self, Dropped, Table},
    },
    strategy::life::{self, Age, Standing, Terms},
    sync::{Arc, Weak},
    tags::Tagged,
    time::{Stamp, Tick},
};

/// A value on its way into memory.
pub(super) struct Arrival<H> {
    pub(super) held: H,
    /// How long it is fresh, from then on.
    pub(super) lifetime: Duration,
    pub(super) since: Tick,
    pub(super) weight: u64,
    pub(super) created: Stamp,
    pub(super) load_time: Duration,
    pub(super) tagged: Tagged,
    /// Whether memory is not to have it.
    pub(super) left_out: bool,
}

/// A value that is not simply fresh, and until when it is of what use.
#[derive(Clone)]
pub(super) struct Old<H> {
    pub(super) held: H,
    pub(super) fresh_until: Tick,
    /// Until when it is of use to calls.
    pub(super) useful_until: Tick,
    pub(super) created: Stamp,
    pub(super) tagged: Tagged,
}

/// A slot that is ready to go into a table.
struct Incoming<'a, O, H, T> {
    table: &'a T,
    key: Key<O>,
    slot: Slot<H>,
    fits: bool,
}

/// What a change of memory came to. What was pushed out is dropped where no lock is held.
enum Outcome<O, H> {
    Entered {
        deadline: Tick,
        generation: u64,
        weight: u64,
        dropped: Dropped<O, H>,
    },
    /// It was too large.
    Refused {
        gone: Option<(Key<O>, Slot<H>)>,
        _incoming: (Key<O>, Slot<H>),
    },
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Incoming<'_, O, H, T> {
    /// Goes in; or, if it is too large, takes out what stands in its place, which is older.
    fn enter(self) -> Outcome<O, H> {
        let Self { table, key, slot, fits } = self;
        if !fits {
            return Outcome::Refused { gone: table.remove(&key, |_| true), _incoming: (key, slot) };
        }
        let (deadline, generation, weight) = (slot.end(), slot.generation(), slot.weight());
        Outcome::Entered { deadline, generation, weight, dropped: table.insert(key, slot) }
    }
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Cache<O, H, T> {
    /// The value, if it is in memory and fresh. No lock is held when it is cloned.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "what every hit runs")]
    pub(super) fn hit<Q: std::hash::Hash + equivalent::Equivalent<Key<O>>>(&self, query: &Q) -> Option<H::Value> {
        // Judged where it lies, because to move it costs more than to judge it.
        let found = self.table.as_ref()?.get(query);
        if !self.asked(query, found.as_ref()?) {
            return None;
        }
        self.core.counters.hits.add_one();
        #[expect(clippy::question_mark, reason = "`?` moves the whole slot")]
        let Some(Slot { held, .. }) = found else { return None };
        Some(held.value())
    }

    /// The slot, if it is in memory and within its time; then it was asked for.
    pub(super) fn slot_asked<Q: std::hash::Hash + equivalent::Equivalent<Key<O>>>(&self, query: &Q) -> Option<Slot<H>> {
        let slot = self.table.as_ref()?.get(query)?;
        self.asked(query, &slot).then_some(slot)
    }

    /// Whether a slot is served now; if so, it was asked for.
    #[inline]
    fn asked<Q: std::hash::Hash + equivalent::Equivalent<Key<O>>>(&self, query: &Q, slot: &Slot<H>) -> bool {
        if slot.generation() != self.generation.current() {
            return false;
        }
        if slot.mortal() {
            let now = self.clock.tick();
            if !slot.ask(now) {
                self.expire(query, now);
                return false;
            }
        }
        true
    }

    /// A value that is not simply fresh: due, or past its time and kept.
    pub(super) fn old(&self, key: &Key<O>, terms: &Terms) -> Option<(Old<H>, Age)> {
        let slot = self.full_slot_for(key, terms)?;
        let now = self.clock.tick();
        let facts = slot.facts().map(Arc::clone)?;
        let (deadline, end) = (slot.deadline(), slot.end());
        if now >= end {
            return None;
        }
        let age = self.age_in_memory(&slot, &facts, now);
        // Past its TTL strategies have nothing to say.
        let age = if now >= deadline { age } else { age.max(self.judge_slot(key.hash, &slot).into()) };
        if age == Age::Spent {
            return None;
        }
        let tagged = facts.tagged.clone();
        Some((
            Old {
                held: slot.held,
                fresh_until: deadline,
                useful_until: self.useful_until(end),
                created: facts.created,
                tagged,
            },
            age,
        ))
    }

    /// Whether values are kept that are not simply fresh.
    pub(super) fn keeps_old(&self) -> bool {
        self.watched || self.core.config.life.lingers()
    }

    /// An entry of a store that is not simply fresh.
    pub(super) fn old_of(&self, found: Found<H::Value>) -> Old<H> {
        let (now, stamp) = (self.clock.tick(), self.core.clock.stamp());
        let fresh_until = life::until(found.since, found.left).before(found.past);
        let kept_until = match found.times.keep_until {
            Stamp::NEVER => Tick::NEVER,
            until => now.after(until.since(stamp)),
        };
        let useful_until = self.useful_until(kept_until);
        Old {
            held: H::hold(found.value),
            fresh_until,
            useful_until,
            created: found.times.created,
            tagged: found.tagged,
        }
    }

    /// Until when a value is of use to calls that is kept until then.
    fn useful_until(&self, kept_until: Tick) -> Tick {
        let beyond = self.core.config.life.revalidable.filter(|_| kept_until != Tick::NEVER);
        beyond.map_or(kept_until, |beyond| kept_until.before(beyond))
    }

    fn age_in_memory(&self, slot: &Slot<H>, facts: &Facts, now: Tick) -> Age {
        let (deadline, life) = (slot.deadline(), &self.core.config.life);
        let left = deadline.left(now);
        let age = self.core.clock.stamp().since(facts.created);
        let standing = Standing { age, left, past: now.since(deadline), load_time: facts.load_time };
        life.age(&standing, || life::random(u64::from(slot.mortal()), now))
    }

    /// The slot with all that is known, if it is of this generation.
    pub(super) fn full_slot(&self, key: &Key<O>) -> Option<Slot<H>> {
        let slot = table::full(self.table.as_ref()?, key)?;
        (slot.generation() == self.generation.current() && slot.is_current()).then_some(slot)
    }

    /// The same for a call of these terms.
    pub(super) fn full_slot_for(&self, key: &Key<O>, terms: &Terms) -> Option<Slot<H>> {
        if self.core.left_out(terms).memory {
            return None;
        }
        self.full_slot(key)
            .filter(|slot| !terms.ask_for_tags() || slot.facts().is_some_and(|facts| terms.admit(&facts.tagged)))
    }

    /// Whether memory may answer a call of these terms.
    pub(super) fn may_answer(&self, key: &Key<O>, terms: &Terms) -> bool {
        !terms.are_particular() || self.full_slot_for(key, terms).is_some()
    }

    /// The slot with all that is known, if it is in memory and fresh. Counts nothing.
    pub(super) fn slot(&self, key: &Key<O>, terms: &Terms) -> Option<Slot<H>> {
        self.full_slot_for(key, terms).filter(|slot| self.is_fresh(slot))
    }

    /// Whether a slot would be served.
    pub(super) fn is_fresh(&self, slot: &Slot<H>) -> bool {
        slot.generation() == self.generation.current() && slot.is_current() && !slot.expired(self.core.clock.tick())
    }

    /// Removes what was found to be past its time, unless it is kept longer, or has been replaced meanwhile.
    #[cold]
    #[inline(never)]
    fn expire<Q: std::hash::Hash + equivalent::Equivalent<Key<O>>>(&self, query: &Q, now: Tick) {
        let gone = self.table.as_ref().and_then(|table| table.remove(query, |slot| slot.spent(now)));
        if let Some((_, slot)) = &gone {
            self.core.counters.expirations.add(1);
            self.count_out(slot);
        }
    }

    /// Puts a value in memory, unless something has invalidated it, and says whether it stands there.
    pub(super) fn publish(&self, seat: &Seat<O, Landing<H>>, key: &Key<O>, arrival: Arrival<H>) -> bool {
        let mut incoming = self.incoming(key, arrival, seat.token().generation);
        let outcome = seat.publish(|| incoming.take().map(Incoming::enter));
        self.forget_error(key);
        self.note(outcome.flatten(), key.hash)
    }

    /// Puts a value in memory in place of an older one, and says whether it stands there; `None` if something else
    /// has come between.
    pub(super) fn replace(
        &self,
        seat: &Seat<O, Landing<H>>,
        overwriting: Overwriting<'_, O, Landing<H>>,
        key: &Key<O>,
        arrival: Arrival<H>,
    ) -> Option<bool> {
        let mut incoming = self.incoming(key, arrival, seat.token().generation);
        let outcome = overwriting.publish(|| incoming.take().map(Incoming::enter));
        self.forget_error(key);
        outcome.map(|outcome| self.note(outcome, key.hash))
    }

    /// Makes all that can be made before the key's cell is locked.
    fn incoming(&self, key: &Key<O>, arrival: Arrival<H>, generation: u64) -> Option<Incoming<'_, O, H, T>> {
        let table = self.table.as_ref().filter(|_| !arrival.left_out)?;
        let slot = self.slot_of(arrival, generation);
        let fits = slot.weight() <= table.heaviest();
        if !fits {
            self.core.counters.refusals.add(1);
        }
        Some(Incoming { table, key: key.clone(), slot, fits })
    }

    /// Counts what a change of memory pushed out, and lets it go. Says whether the value went in.
    fn note(&self, outcome: Option<Outcome<O, H>>, hash: u64) -> bool {
        match outcome {
            None | Some(Outcome::Refused { gone: None, .. }) => false,
            Some(Outcome::Refused { gone: Some((_, slot)), .. }) => {
                self.count_out(&slot);
                false
            }
            Some(Outcome::Entered { deadline, generation, weight, dropped }) => {
                self.core.counters.evictions.add(dropped.evicted(hash));
                self.count_in(generation, weight);
                dropped.each(|slot| self.count_out(slot));
                let noted = self.expiries.note(deadline, hash);
                if let Some(when) = noted.alarm {
                    self.sweep_at(when);
                }
                if noted.many {
                    self.prune();
                }
                if self.is_local() {
                    drop(self.sweep_due());
                }
                true
            }
        }
    }

    fn slot_of(&self, arrival: Arrival<H>, generation: u64) -> Slot<H> {
        let now = self.clock.tick();
        let lifetime = self.core.memory_ttl.map_or(arrival.lifetime, |ttl| ttl.min(arrival.lifetime));
        let life = &self.core.config.life;
        let facts = Facts {
            weight: arrival.weight,
            fresh_until: life::until(arrival.since, lifetime),
            created: arrival.created,
            load_time: arrival.load_time,
            idle: life.tti.map(|tti| Idle::new(tti, now)),
            grace: life.kept_for(lifetime),
            tagged: arrival.tagged,
        };
        let until = if self.renews { self.surely_fresh_until(now, &facts) } else { facts.fresh_until };
        Slot::new(arrival.held, until, generation, facts, self.watched)
    }

    fn surely_fresh_until(&self, now: Tick, facts: &Facts) -> Tick {
        let age = self.core.clock.stamp().since(facts.created);
        let left = facts.fresh_until.left(now);
        let standing = Standing { age, left, past: Duration::ZERO, load_time: facts.load_time };
        life::until(now, self.core.config.life.surely_fresh(&standing)).min(facts.fresh_until)
    }

    /// Removes from memory; the value comes back, to be dropped where no lock is held.
    pub(super) fn forget(&self, key: &Key<O>) -> Option<(Key<O>, Slot<H>)> {
        let gone = self.table.as_ref()?.remove(key, |_| true);
        if let Some((_, slot)) = &gone {
            self.count_out(slot);
        }
        gone
    }

    /// The table of one thread is not seen from others, so its entries are counted, and cleared when it grows again.
    fn count_in(&self, generation: u64, weight: u64) {
        let first = self.is_local() && self.share.add(generation, weight);
        let Some(table) = self.table.as_ref().filter(|_| first) else { return };
        let all: Vec<_> = table.take_all().collect();
        let (kept, cleared): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, slot)| slot.generation() == generation);
        for (key, slot) in kept {
            drop(table.insert(key, slot));
        }
        drop(cleared);
    }

    fn count_out(&self, slot: &Slot<H>) {
        if self.is_local() {
            self.share.take(slot.generation(), slot.weight());
        }
    }

    /// Forgets when evicted entries would have expired.
    fn prune(&self) {
        if let Some(table) = &self.table {
            self.expiries.prune(table.entries(), |hash| {
                let mut there = false;
                // Looked at where it lies: a copy might be the last one, and would be dropped under a lock.
                let none = table.remove(&ByHash(hash), |_| {
                    there = true;
                    false
                });
                debug_assert!(none.is_none(), "nothing was to be removed");
                there
            });
        }
    }

    /// Removes what has expired, by the notes. It comes back, to be dropped when nothing is left to do: a panic of a
    /// user's `Drop` must not end the sweep.
    fn sweep_due(&self) -> Vec<(Key<O>, Slot<H>)> {
        let mut gone = Vec::new();
        let Some(table) = &self.table else { return gone };
        let now = self.core.clock.tick();
        for hash in self.expiries.due(now) {
            // Several keys may have one hash.
            while let Some((key, slot)) = table.remove(&ByHash(hash), |slot| slot.spent(now)) {
                self.core.counters.expirations.add(1);
                self.count_out(&slot);
                gone.push((key, slot));
            }
            // What was replaced or asked for meanwhile has its time later.
            let mut end = None;
            table.remove(&ByHash(hash), |slot| {
                end = Some(slot.end());
                false
            });
            if let Some(end) = end {
                self.expiries.note_again(end.max(now), hash);
            }
        }
        gone
    }

    /// A table that threads share is swept at times; the table of one thread whenever it grows.
    fn sweep_at(&self, when: Tick) {
        if let Some(member) = self.member.get() {
            let member = Weak::clone(member);
            on_worker_at(&self.core.clock, when, move || {
                if let Some(member) = member.upgrade() {
                    member.sweep();
                }
            });
        }
    }
}

impl<O, H, T> Member for Cache<O, H, T>
where
    O: Eq + Clone + Send + Sync + 'static,
    H: Held + Send + Sync,
    T: Table<O, H> + Send + Sync,
{
    fn quiet(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.fence.quiet())
    }

    fn overtake(&self) -> Vec<Overtaken> {
        self.fence.overtake()
    }

    fn empty(&self) {
        // Each entry is dropped here, between two locks.
        self.table.iter().flat_map(Table::take_all).for_each(drop);
    }

    fn size(&self) -> (u64, u64) {
        self.table.as_ref().map_or((0, 0), |table| (table.entries(), table.weight()))
    }

    fn sweep(&self) {
        let gone = self.sweep_due();
        if let Some(when) = self.expiries.next() {
            self.sweep_at(when);
        }
        drop(gone);
    }

    fn changed(&self, tier: usize, mark: u64) {
        self.overtaken(tier, mark);
    }
}
