//! A call for several keys: what is there is found at once, the rest is loaded by one body, or by those who load it
//! already.
//!
//! All keys that nobody loads are led first, then loaded, stored and handed out, and only then is anybody else waited
//! for. So two batches with keys in common never wait for each other.

mod lead;
mod look;

use std::fmt;

pub(crate) use lead::{Lead, Ruling};

use super::{Asked, Cache};
use crate::{
    bridge::Shell,
    flight::{Flight, Followed, Pilot, SharedError},
    key::parts::Key,
    memory::{held::Held, table::Table},
    observe::{Span, Verdict},
    strategy::life::Terms,
    sync::Arc,
    time::Tick,
};

/// A key that is wanted.
#[derive(Debug)]
pub(crate) struct Want<O> {
    pub(crate) key: Key<O>,
    pub(crate) terms: Terms,
    pub(crate) asked: Asked,
}

/// What is known of a key that is wanted.
#[derive(Clone, Debug, Default)]
pub(crate) enum Known<V> {
    /// Nothing so far.
    #[default]
    Nothing,
    /// That waiting for its load is in vain.
    Alone,
    Value(V),
    /// That there is no value.
    Absent,
}

/// A call for several keys.
pub(crate) struct Batch<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> {
    cache: Arc<Cache<O, H, T>>,
    shell: Shell,
    called: Tick,
    span: Span,
    pilot: Arc<Pilot>,
    wants: Vec<Want<O>>,
    known: Vec<Known<H::Value>>,
    /// The loads of others that are waited for, by the place of the key.
    following: Vec<(usize, Arc<Flight<H>>)>,
    /// When patience with them ends.
    deadline: Option<Tick>,
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> fmt::Debug for Batch<O, H, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").field("cache", &self.cache).finish_non_exhaustive()
    }
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Batch<O, H, T> {
    /// A call for keys that memory does not have.
    pub(crate) fn new(cache: &Arc<Cache<O, H, T>>, shell: Shell, mut wants: Vec<Want<O>>) -> Self {
        for want in &mut wants {
            want.terms = std::mem::take(&mut want.terms).ruled(cache.core.ruling.ttl());
        }
        Self {
            cache: Arc::clone(cache),
            shell,
            called: cache.core.clock.tick(),
            span: Span::of(&cache.core.name),
            pilot: Arc::new(Pilot::new(shell)),
            known: wants.iter().map(|_| Known::Nothing).collect(),
            wants,
            following: Vec::new(),
            deadline: None,
        }
    }

    /// What is known of each wanted key.
    pub(crate) fn known(&self) -> &[Known<H::Value>] {
        &self.known
    }

    /// The same, when the call ends.
    pub(crate) fn into_known(self) -> Vec<Known<H::Value>> {
        self.known
    }

    /// Notes what became of keys.
    pub(crate) fn learn(&mut self, news: impl IntoIterator<Item = (usize, Known<H::Value>)>) {
        news.into_iter().for_each(|(at, known)| self.known[at] = known);
    }

    /// Waits for the loads of others. An error is that of the first of them that failed; unless `goes_on` the others are
    /// not waited for then.
    pub(crate) async fn follow(
        &mut self,
        goes_on: bool,
        takes: impl Fn(&SharedError) -> bool,
    ) -> Result<(), SharedError> {
        let following = std::mem::take(&mut self.following);
        if !following.is_empty() {
            self.cache.core.counters.waits.add(1);
        }
        let mut failed = None;
        for (at, flight) in following {
            let followed = self.cache.follow(self.shell, &flight, &mut self.deadline).await;
            let terms = &self.wants[at].terms;
            match followed {
                // Its value does not have the tags that were given here.
                Followed::Landed(_) if !flight.has_tags_of(|tagged| terms.admit(tagged)) => {
                    self.known[at] = Known::Alone;
                }
                Followed::Offered(offer) if !terms.admit(&offer.tagged) => self.known[at] = Known::Alone,
                Followed::Landed(held) => self.follow_to(at, Known::Value(held.value())),
                Followed::Absent => self.follow_to(at, Known::Absent),
                Followed::Failed(error) if takes(&error) => {
                    self.cache.core.counters.misses.add(1);
                    self.span.end(Verdict::Failed);
                    failed.get_or_insert(error);
                    if !goes_on {
                        break;
                    }
                }
                Followed::Again => {}
                Followed::Offered(offer) => {
                    let value = self.cache.taken(offer, &self.span);
                    self.known[at] = Known::Value(value);
                }
                // Like an error of that load: the caller is told of its own only.
                Followed::Alone | Followed::Failed(_) | Followed::TimedOut => self.known[at] = Known::Alone,
            }
        }
        failed.map_or(Ok(()), Err)
    }

    fn follow_to(&mut self, at: usize, known: Known<H::Value>) {
        self.cache.core.counters.misses.add(1);
        self.span.end(Verdict::Waited);
        self.known[at] = known;
    }

    /// Waits for these loads too.
    pub(crate) fn wait_for(&mut self, flights: Vec<(usize, Arc<Flight<H>>)>) {
        self.following.extend(flights);
    }

    pub(crate) fn cache(&self) -> Arc<Cache<O, H, T>> {
        Arc::clone(&self.cache)
    }

    /// When the call began.
    pub(crate) fn called(&self) -> Tick {
        self.called
    }
}
