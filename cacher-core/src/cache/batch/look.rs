//! What a call for several keys finds, and what it is to load.

use std::pin::pin;

use super::{Batch, Known, Lead, Want};
use crate::{
    cache::{
        Asked, Landing, Leader,
        load::{Load, Loads},
        part::Part,
        permit::Asking,
        stores::Sought,
    },
    fence::Seat,
    flight::{Crew, Flight, Outcome},
    key::parts::Key,
    memory::{held::Held, table::Table},
    scope::{Mode, MostAge},
    sync::Arc,
};

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Batch<O, H, T> {
    /// The keys that nothing is known of, by their places.
    fn open(&self) -> Vec<usize> {
        let open = |known: &Known<_>| matches!(known, Known::Nothing | Known::Alone);
        (0..self.known.len()).filter(|at| open(&self.known[*at])).collect()
    }

    /// Looks further than memory, as the scope lets it. What is neither found nor loaded by others is to be loaded:
    /// nothing if nothing is.
    pub(crate) async fn look(&mut self, mode: Mode) -> Option<Lead<O, H, T>> {
        let span = self.span.clone();
        span.drive(pin!(self.look_on(mode))).await
    }

    async fn look_on(&mut self, mode: Mode) -> Option<Lead<O, H, T>> {
        let open = self.open();
        if open.is_empty() {
            return None;
        }
        match mode {
            _ if self.cache.core.off => Some(self.unseated(&open)),
            Mode::Normal | Mode::Given => self.lead_or_follow(open).await,
            Mode::NoOlder(most) if self.are_young(&open, most).await => self.lead_or_follow(open).await,
            Mode::Refresh | Mode::NoOlder(_) => Some(self.reload(open)),
            Mode::Bypass => Some(self.unseated(&open)),
            Mode::ReadOnly | Mode::OnlyIfCached => {
                self.read_only(&open).await;
                let open = self.open();
                self.cache.core.counters.misses.add(open.len() as u64);
                (!open.is_empty()).then(|| self.unseated(&open))
            }
        }
    }

    async fn are_young(&self, open: &[usize], most: MostAge) -> bool {
        for at in open {
            let Want { key, terms, .. } = &self.wants[*at];
            if !self.cache.is_young(self.shell, (key, terms), most).await {
                return false;
            }
        }
        true
    }

    async fn lead_or_follow(&mut self, open: Vec<usize>) -> Option<Lead<O, H, T>> {
        let (mut loads, mut wants, mut unread) = (Vec::new(), Vec::new(), Vec::new());
        for at in open {
            let (seat, flight) = match self.take_part(at) {
                (_, Part::Follow(flight)) => {
                    self.following.push((at, flight));
                    continue;
                }
                (seat, Part::Lead(flight)) => (seat, flight),
            };
            let Want { key, terms, asked } = &self.wants[at];
            let load = Load::new(&self.cache, key.clone(), seat, flight, terms.clone());
            if *asked == Asked::Refused {
                unread.push((Some(at), load));
            } else {
                wants.push(Some(at));
                loads.push(load);
            }
        }
        let mut leader = Leader::of(&self.cache, loads, Crew::of(&self.pilot), None).in_span(&self.span);
        let values = leader.look_for_all(self.shell).await;
        let lead = self.keep_missing(leader, wants, values);
        let lead = lead.and_those(unread);
        let missing = lead.leader.loads.iter().filter(|load| load.due().is_none()).count();
        self.cache.core.counters.misses.add(missing as u64);
        let first = lead.wants.iter().flatten().next().copied();
        lead.if_any(self.asking(first))
    }

    /// Leads the load of a key, or follows another's; alone where that was in vain.
    fn take_part(&mut self, at: usize) -> (Seat<O, Landing<H>>, Part<Option<Arc<Flight<H>>>, H>) {
        let (cache, key) = (&self.cache, &self.wants[at].key);
        let beside = cache.core.left_out(&self.wants[at].terms).is_some();
        if beside || matches!(self.known[at], Known::Alone) {
            cache.core.counters.lone_loads.add(u64::from(!beside));
            let (seat, ()) = cache.fence.enter(key, |_, _| ());
            return (seat, Part::Lead(None));
        }
        let pilot = &self.pilot;
        let (seat, part) = cache.take_part(key, || Flight::of(pilot));
        let shared = cache.core.config.single_flight;
        (seat, part.map_lead(|flight| shared.then_some(flight)))
    }

    /// Hands out what was found, and keeps what was not.
    fn keep_missing(
        &mut self,
        mut leader: Box<Leader<O, H, T>>,
        wants: Vec<Option<usize>>,
        values: Vec<Option<H::Value>>,
    ) -> Lead<O, H, T> {
        let loads = std::mem::replace(&mut leader.loads, Loads::none()).into_vec();
        let (mut kept, mut missing) = (Vec::new(), Vec::new());
        for ((load, want), value) in loads.into_iter().zip(wants).zip(values) {
            match value {
                None => {
                    kept.push(load);
                    missing.push(want);
                }
                Some(value) => {
                    let held = H::hold(value);
                    // A tag may be invalidated before followers come: they look for themselves.
                    let tagged = self.cache.core.has_tags();
                    load.land(if tagged { Outcome::Failed(None) } else { Outcome::Landed(held.clone()) });
                    self.learn(want.map(|at| (at, Known::Value(held.into_value()))));
                }
            }
        }
        leader.loads = Loads::Many(kept);
        Lead { leader, wants: missing }
    }

    /// Loads of its own, whatever is cached or under way. Others follow them if they find nothing.
    fn reload(&mut self, open: Vec<usize>) -> Lead<O, H, T> {
        let loads = open.iter().map(|at| {
            let Want { key, terms, .. } = &self.wants[*at];
            let (seat, flight) = if self.cache.core.left_out(terms).is_some() {
                (self.cache.fence.enter(key, |_, _| ()).0, None)
            } else {
                let (seat, flight) = self.cache.enter_anew(key, || Flight::of(&self.pilot));
                (seat, Some(flight))
            };
            Load::new(&self.cache, key.clone(), seat, flight, terms.clone())
        });
        let leader =
            Leader::of(&self.cache, loads.collect(), Crew::of(&self.pilot), self.asking(open.first().copied()));
        Lead { leader: leader.in_span(&self.span).overwriting(), wants: open.into_iter().map(Some).collect() }
    }

    /// Loads whose values are not stored.
    fn unseated(&self, open: &[usize]) -> Lead<O, H, T> {
        let leader = Leader::unseated(&self.cache, self.asking(open.first().copied())).in_span(&self.span);
        Lead { leader, wants: open.iter().copied().map(Some).collect() }
    }

    /// From the stores; nothing is written.
    async fn read_only(&mut self, open: &[usize]) {
        let readable = open.iter().copied().filter(|at| self.wants[*at].asked != Asked::Refused);
        let stored = readable.filter_map(|at| Some((at, self.cache.stored_key(&self.wants[at].key)?)));
        let stored: Vec<_> = stored.collect();
        let sought = stored.iter().map(|(at, key)| {
            let Want { key: Key { hash, .. }, terms, .. } = &self.wants[*at];
            Sought { key, hash: *hash, terms }
        });
        let readings = self.cache.read_all(self.shell, &sought.collect::<Vec<_>>()).await;
        let found = stored.iter().zip(readings).filter_map(|((at, _), reading)| {
            let value = self.cache.served(self.wants[*at].key.hash, reading.served()?, &self.span)?;
            Some((*at, Known::Value(value)))
        });
        let found: Vec<_> = found.collect();
        self.learn(found);
    }

    /// For whom strategies are asked, if this is the first of the keys that are loaded.
    fn asking(&self, first: Option<usize>) -> Option<Asking> {
        first.map(|at| Asking::about(&self.wants[at].key, &self.wants[at].terms))
    }
}
