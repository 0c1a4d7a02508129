//! A call: from memory, from another's load, from a store, or a load of its own.

use std::pin::pin;

use super::{Cache, Keyed, Leader, memory::Old, part::Part, permit::Asking, stores::Found};
use crate::{
    bridge::Shell,
    error::{Error, Kind},
    flight::{Flight, Followed, Offer, SharedError},
    key::parts::{Key, Parts, Query},
    memory::{held::Held, table::Table},
    observe::{self, Span, Verdict},
    scope::{CallOptions, Given, Mode, MostAge},
    strategy::life::{Age, Terms},
    sync::Arc,
    time::Tick,
};

/// The answer to a call.
#[derive(Debug)]
pub enum Lookup<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> {
    /// A value.
    Hit(H::Value),
    /// The error of the load that the call waited for.
    Failed(SharedError),
    /// Nothing, and the scope forbids to load.
    Absent,
    /// Nothing, and a rate limit or a strategy does not let the body run.
    TurnedDown(Error),
    /// Nothing: the caller is to run the body.
    Miss(Box<Leader<O, H, T>>),
}

/// What strategies have said about a read, if they were asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asked {
    /// They were not.
    #[default]
    No,
    /// It may happen, and has begun.
    Allowed,
    /// It may not.
    Refused,
}

/// How the caller of a function can be answered beside a value.
pub(crate) struct Caller<F> {
    /// Whether it can return an error of another's load.
    pub(crate) takes: F,
    /// Whether it can return an error of ours.
    pub(crate) tells: bool,
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Cache<O, H, T> {
    /// Looks in memory.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "what every hit runs")]
    pub(crate) fn first<P: Parts<Owned = O>>(&self, mode: Mode, parts: &P, asked: &mut Asked) -> Option<H::Value> {
        if matches!(mode, Mode::Bypass | Mode::Refresh | Mode::NoOlder(_) | Mode::Given) {
            return None;
        }
        let query = Query::of(parts);
        if self.watched { self.watched_first(&query, query.hash, asked) } else { self.hit(&query) }
    }

    /// Looks in memory for an item of a call that may be given options.
    pub(crate) fn first_of<P: Parts<Owned = O>>(
        &self,
        (mode, particular): (Mode, bool),
        parts: &P,
        terms: impl FnOnce() -> Terms,
        asked: &mut Asked,
    ) -> Option<H::Value> {
        let may_answer = !particular || self.may_answer(&Key::of(parts), &terms());
        if may_answer { self.first(mode, parts, asked) } else { None }
    }

    /// Looks in memory for a call that something is given for, which it did not at first. Else it says what the call says
    /// with that.
    pub(crate) fn first_given(
        &self,
        (mode, given): (Mode, Option<&Given>),
        (key, terms): (&Key<O>, Terms),
        asked: &mut Asked,
    ) -> Result<H::Value, Terms> {
        let Some(given) = given else { return Err(terms) };
        let terms = self.with_options(terms, given.options.as_ref());
        let reads = matches!(mode, Mode::Normal | Mode::ReadOnly | Mode::OnlyIfCached);
        if !reads || !self.may_answer(key, &terms) {
            return Err(terms);
        }
        let found = if self.watched { self.watched_first(key, key.hash, asked) } else { self.hit(key) };
        found.ok_or(terms)
    }

    /// What a call says with its options.
    pub(crate) fn with_options(&self, terms: Terms, options: Option<&Arc<CallOptions>>) -> Terms {
        let Some(options) = options else { return terms };
        if !options.tags.is_empty() {
            self.core.note_given_tags();
        }
        terms.given(options)
    }

    /// Looks in memory again, when nobody else can load.
    pub(super) fn hit_again(&self, key: &Key<O>, terms: &Terms) -> Option<H::Value> {
        if !self.may_answer(key, terms) {
            return None;
        }
        if self.watched { self.watched_hit(key, key.hash) } else { self.hit(key) }
    }

    /// Whether what is in memory is there for a time only.
    pub(super) fn may_expire(&self, key: &Key<O>) -> bool {
        let slot = self.table.as_ref().and_then(|table| table.get(key));
        slot.is_none_or(|slot| slot.mortal())
    }

    /// What it takes to look further: the cache and the key, kept.
    pub(crate) fn second<P: Parts<Owned = O>>(self: &Arc<Self>, parts: &P) -> (Arc<Self>, Key<O>) {
        (Arc::clone(self), Key::of(parts))
    }

    /// The name of the function.
    pub(crate) fn name(&self) -> Arc<str> {
        Arc::clone(&self.core.name)
    }

    /// The key of a call, to look at or change what is cached for it.
    pub(crate) fn keyed<P: Parts<Owned = O>>(self: &Arc<Self>, parts: &P, terms: Terms) -> Keyed<O, H, T> {
        let (cache, key) = self.second(parts);
        Keyed::new(cache, key, terms.ruled(self.core.ruling.ttl()))
    }

    /// Answers a call that need not wait: memory is all there is, and nobody else loads its key. Else the key comes
    /// back, for [`Self::go_on`].
    pub(crate) fn at_once(
        self: &Arc<Self>,
        shell: Shell,
        mode: Mode,
        (key, terms): (Key<O>, Terms),
    ) -> Result<Lookup<O, H, T>, (Key<O>, Terms)> {
        if !self.simple || mode != Mode::Normal || terms.are_particular() {
            return Err((key, terms));
        }
        let (seat, Part::Lead(flight)) = self.take_part(&key, || Flight::new(shell)) else { return Err((key, terms)) };
        let terms = terms.ruled(self.core.ruling.ttl());
        let leader = Leader::new(self, key, seat, self.core.config.single_flight.then_some(flight), terms);
        let span = Span::of(&self.core.name);
        Ok(leader.in_span(&span).look_in_memory())
    }

    /// Looks further than memory, and then waits until the body may run.
    pub(crate) async fn go_on<F: Fn(&SharedError) -> bool>(
        self: &Arc<Self>,
        shell: Shell,
        mode: Mode,
        (key, terms): (Key<O>, Terms),
        asked: Asked,
        caller: Caller<F>,
    ) -> Lookup<O, H, T> {
        let (tells, since) = (caller.tells, self.core.clock.tick());
        let asked = self.asked_about(mode, key.hash, asked);
        let terms = terms.ruled(self.core.ruling.ttl());
        let span = Span::of(&self.core.name);
        let looking = pin!(async {
            match self.look_on(shell, mode, (key, terms), asked, caller, &span).await {
                Lookup::Miss(leader) => leader.in_span(&span).permitted(shell, tells, since).await,
                answer => answer,
            }
        });
        let answer = span.drive(looking).await;
        if !matches!(answer, Lookup::Miss(_)) {
            self.core.publish();
        }
        answer
    }

    async fn look_on<F: Fn(&SharedError) -> bool>(
        self: &Arc<Self>,
        shell: Shell,
        mode: Mode,
        (key, terms): (Key<O>, Terms),
        asked: Asked,
        caller: Caller<F>,
        span: &Span,
    ) -> Lookup<O, H, T> {
        let asking = Asking::about(&key, &terms);
        match mode {
            Mode::OnlyIfCached if self.core.off => Self::absent(span),
            // What limits the body holds for a cache that is off as well.
            Mode::Normal | Mode::Refresh | Mode::ReadOnly | Mode::NoOlder(_) | Mode::Given if self.core.off => {
                Lookup::Miss(Leader::unseated(self, Some(asking)))
            }
            Mode::Normal | Mode::Given => self.load(shell, (key, terms), Some(asked), caller, span).await,
            Mode::NoOlder(most) => {
                let asked = self.is_young(shell, (&key, &terms), most).await.then_some(asked);
                self.load(shell, (key, terms), asked, caller, span).await
            }
            Mode::Refresh if self.core.left_out(&terms).is_some() => Lookup::Miss(self.apart(key, terms).overwriting()),
            Mode::Refresh => Lookup::Miss(self.reload(shell, key, terms)),
            Mode::Bypass => Lookup::Miss(Leader::unseated(self, None)),
            Mode::ReadOnly | Mode::OnlyIfCached => match self.read_only(shell, &key, &terms, asked, span).await {
                Some(value) => Lookup::Hit(value),
                None if mode == Mode::ReadOnly => Lookup::Miss(Leader::unseated(self, Some(asking))),
                None => Self::absent(span),
            },
        }
    }

    fn absent(span: &Span) -> Lookup<O, H, T> {
        span.end(Verdict::Absent);
        Lookup::Absent
    }

    /// From a store, or what memory has to be loaded anew; nothing is written.
    async fn read_only(
        &self,
        shell: Shell,
        key: &Key<O>,
        terms: &Terms,
        asked: Asked,
        span: &Span,
    ) -> Option<H::Value> {
        let value = match self.stored_key(key).filter(|_| asked != Asked::Refused) {
            Some(stored) => {
                let found = self.read(shell, (&stored, key.hash), terms).await.served();
                found.and_then(|found| self.served(key.hash, found, span))
            }
            None => None,
        };
        let value = value.or_else(|| self.due_in_memory((key, terms), asked, span));
        if value.is_none() {
            self.core.counters.misses.add(1);
        }
        value
    }

    /// A value that answers calls and is to be loaded anew, for who does not load.
    fn due_in_memory(&self, (key, terms): (&Key<O>, &Terms), asked: Asked, span: &Span) -> Option<H::Value> {
        if asked == Asked::Refused || !self.keeps_old() {
            return None;
        }
        let (old, _) = self.old(key, terms).filter(|(_, age)| *age <= Age::Due)?;
        let value = self.outward(old.held.value())?;
        self.count_old(old.fresh_until, Age::Due);
        span.end(if self.clock.tick() < old.fresh_until { Verdict::Hit } else { Verdict::Stale });
        Some(value)
    }

    /// What a call gets of an entry of a store, which is counted.
    pub(super) fn served(&self, hash: u64, found: Found<H::Value>, span: &Span) -> Option<H::Value> {
        let (known, tier) = (self.known(&found), found.tier);
        let value = self.outward(found.value)?;
        observe::hit_age(&self.core.name, known.age);
        span.found(|| self.core.tiers()[tier].describe().unwrap_or_default(), known.age);
        span.end(Verdict::Hit);
        self.note_found(hash, &known);
        self.core.counters.hits.add_one();
        Some(value)
    }

    /// Whether nothing is cached that is older; or could stand in for what is not there any more.
    pub(super) async fn is_young(
        self: &Arc<Self>,
        shell: Shell,
        (key, terms): (&Key<O>, &Terms),
        most: MostAge,
    ) -> bool {
        let keyed = Keyed::new(Arc::clone(self), key.clone(), terms.clone());
        keyed.info(shell).await.map_or(!self.keeps_old(), |info| most.allows(info.age))
    }

    /// Leads the load, or follows another's. Who was not `asked` anything does not look for what is cached.
    async fn load(
        self: &Arc<Self>,
        shell: Shell,
        (key, terms): (Key<O>, Terms),
        asked: Option<Asked>,
        Caller { takes, tells }: Caller<impl Fn(&SharedError) -> bool>,
        span: &Span,
    ) -> Lookup<O, H, T> {
        if self.core.left_out(&terms).is_some() {
            let leader = self.apart(key, terms);
            return match asked {
                Some(asked) => leader.in_span(span).look_in_stores(shell, asked).await,
                None => Lookup::Miss(leader.overwriting()),
            };
        }
        let mut waited = false;
        let mut deadline = None;
        loop {
            let (seat, part) = self.take_part(&key, || Flight::new(shell));
            let flight = match part {
                Part::Lead(flight) => flight,
                Part::Follow(flight) => {
                    drop(seat);
                    if !std::mem::replace(&mut waited, true) {
                        self.core.counters.waits.add(1);
                    }
                    match self.follow(shell, &flight, &mut deadline).await {
                        // Its value does not have the tags that were given here.
                        Followed::Landed(_) if !flight.has_tags_of(|tagged| terms.admit(tagged)) => continue,
                        Followed::Landed(held) => {
                            self.core.counters.misses.add(1);
                            span.end(Verdict::Waited);
                            return Lookup::Hit(held.value());
                        }
                        Followed::Failed(error) if takes(&error) => {
                            self.core.counters.misses.add(1);
                            span.end(Verdict::Failed);
                            return Lookup::Failed(error);
                        }
                        // No single load ends so.
                        Followed::Again | Followed::Absent => continue,
                        Followed::Offered(offer) if asked.is_some() && terms.admit(&offer.tagged) => {
                            return Lookup::Hit(self.taken(offer, span));
                        }
                        Followed::TimedOut if tells => return Lookup::TurnedDown(self.timed_out()),
                        Followed::Alone | Followed::Failed(_) | Followed::TimedOut | Followed::Offered(_) => {
                            return Lookup::Miss(self.load_alone(key, terms));
                        }
                    }
                }
            };
            let leader = Leader::new(self, key, seat, self.core.config.single_flight.then_some(flight), terms);
            return match asked {
                Some(asked) => leader.in_span(span).look_in_stores(shell, asked).await,
                None => Lookup::Miss(leader.overwriting()),
            };
        }
    }

    /// A value that was offered while another is loaded.
    pub(super) fn taken(&self, offer: Offer<H>, span: &Span) -> H::Value {
        self.count_old(offer.fresh_until, Age::Due);
        span.end(Verdict::Stale);
        offer.held.value()
    }

    /// Whether a value answers a call whose body fails now.
    pub(super) fn stands_in(&self, old: &Old<H>, age: Age, now: Tick) -> bool {
        now < self.core.config.life.stands_in_until(old.fresh_until, age <= Age::Due) && old.tagged.is_current()
    }

    /// Counts a hit with a value that is fresh until then, or was, unless a strategy calls it stale.
    pub(super) fn count_old(&self, fresh_until: Tick, age: Age) {
        if age <= Age::Due && self.clock.tick() < fresh_until {
            self.core.counters.hits.add_one();
        } else {
            self.core.counters.stale_hits.add(1);
        }
    }

    /// The error of a body that takes too long.
    pub(crate) fn timed_out(&self) -> Error {
        Error::new(Kind::TimedOut, format!("{}: the body takes longer than it may", self.core.name))
    }
}
