//! Running bodies, each for some of the items of a call.

use std::{fmt, marker::PhantomData, panic::resume_unwind};

use super::{
    super::{load::Failure, lookup::told},
    Absence, Form, Hashes, Reading, Way,
};
use crate::{
    bridge::Shell,
    cache::{Cache, Ended, Known, Lead, Ruling},
    error::{Error, Kind},
    memory::{held::Held, table::Table},
    returns::{Mode, Returns},
    sync::Arc,
    time::Tick,
};

/// One run of one body: what is to be loaded, and the items that it is given.
pub struct Chunk<O: Eq + Clone + 'static, H: Held, T: Table<O, H>, N> {
    lead: Lead<O, H, T>,
    owns: Vec<N>,
    /// Of a product: how many items a row has.
    columns: usize,
    /// Where among the items each load's own stands, in ascending order, if that is not one by one.
    places: Option<Vec<usize>>,
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>, N> fmt::Debug for Chunk<O, H, T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunk").field("lead", &self.lead).finish_non_exhaustive()
    }
}

/// What became of a run: what is known of the wanted keys, or what the call is to return.
pub(super) type End<V, R> = Result<Vec<(usize, Known<V>)>, R>;

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>, N: Clone> Chunk<O, H, T, N> {
    /// All that is to be loaded, where `own` makes items of their places in the call; of a product with these columns
    /// the smallest one that has them all.
    pub(super) fn new(lead: Lead<O, H, T>, firsts: &[usize], columns: Option<usize>, own: impl Fn(usize) -> N) -> Self {
        let wanted: Vec<_> = lead.wants().iter().flatten().map(|want| firsts[*want]).collect();
        let Some(columns) = columns.filter(|columns| *columns > 0) else {
            return Self { lead, owns: wanted.into_iter().map(own).collect(), columns: 0, places: None };
        };
        let distinct = |of: fn(usize, usize) -> usize| {
            let mut all: Vec<_> = wanted.iter().map(|at| of(*at, columns)).collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        let (rows, across) = (distinct(|at, columns| at / columns), distinct(|at, columns| at % columns));
        let cover = rows.iter().flat_map(|row| across.iter().map(move |column| row * columns + column));
        let cover: Vec<_> = cover.collect();
        let places = wanted.iter().filter_map(|at| cover.binary_search(at).ok()).collect();
        Self { lead, owns: cover.into_iter().map(own).collect(), columns: across.len(), places: Some(places) }
    }

    /// How many loads there are.
    pub(super) fn len(&self) -> usize {
        self.lead.wants().len()
    }

    pub(super) fn lead(&self) -> &Lead<O, H, T> {
        &self.lead
    }

    /// What several calls are to load, each item once for the body.
    pub(super) fn together(chunks: Vec<Self>) -> Option<Self> {
        let mut all = chunks.into_iter().reduce(Self::join)?;
        if let Some(mut places) = all.lead.repeated() {
            let mut next = 0;
            let mut comes_first = |(_, place): &(N, usize)| {
                let first = *place == next;
                next += usize::from(first);
                first
            };
            let items = all.owns.into_iter().zip(places.iter().copied());
            all.owns = items.filter(|item| comes_first(item)).map(|(own, _)| own).collect();
            all.lead.sort(&places);
            places.sort_unstable();
            all.places = Some(places);
        }
        Some(all)
    }

    fn join(self, other: Self) -> Self {
        let owns = self.owns.into_iter().chain(other.owns).collect();
        Self { lead: self.lead.join(other.lead), owns, ..self }
    }

    /// The same, so many items at most for one body; a product is not divided.
    pub(super) fn split(self, most: usize) -> Vec<Self> {
        let most = most.max(1);
        if self.owns.len() <= most || self.columns > 0 {
            return vec![self];
        }
        let Self { lead, owns, columns, places } = self;
        let places = places.unwrap_or_else(|| (0..owns.len()).collect());
        let sizes: Vec<_> = places.chunk_by(|one, other| one / most == other / most).map(<[_]>::len).collect();
        let (mut owns, mut places) = (owns.into_iter(), places.into_iter());
        let part = |(lead, size): (Lead<O, H, T>, &usize)| Self {
            lead,
            owns: owns.by_ref().take(most).collect(),
            columns,
            places: Some(places.by_ref().take(*size).map(|place| place % most).collect()),
        };
        lead.split(&sizes).into_iter().zip(&sizes).map(part).collect()
    }
}

/// How bodies are run.
pub(super) struct Runner<'a, M, R, X, Y, B> {
    pub(super) shell: Shell,
    pub(super) returns: Returns<M, R>,
    pub(super) way: Way,
    pub(super) name: Arc<str>,
    /// The hashes of the names of items and of answers.
    pub(super) hashes: (&'a X, &'a Y),
    pub(super) body: &'a B,
}

impl<M, R, X, Y, B> Runner<'_, M, R, X, Y, B> {
    /// Waits until the body may run, runs it, and hands out what it returned. What goes wrong with items of other calls
    /// alone is told to them, and nothing to this one.
    pub(super) async fn run<O, H, T, I, G, F, A, Fut>(
        &self,
        _kinds: PhantomData<fn() -> (G, F, A, I)>,
        chunk: Chunk<O, H, T, G::Own>,
        called: Tick,
    ) -> End<H::Value, R>
    where
        O: Eq + Clone + 'static,
        H: Held<Value = A::Kept>,
        T: Table<O, H>,
        G: Reading<I>,
        F: Form<M::Value, G::Name>,
        A: Absence<F::Value>,
        M: Mode<R>,
        X: Fn(&G::Name) -> u64,
        Y: Fn(&F::Name) -> u64,
        B: Fn(Vec<G::Own>, usize) -> Fut,
        Fut: Future<Output = R>,
    {
        let Chunk { lead, owns, columns, places } = chunk;
        let (returns, count, concerned) = (&self.returns, owns.len(), lead.wants().iter().any(Option::is_some));
        let mut lead = match lead.permitted(count, self.shell, returns.tells, called).await {
            Ruling::Run(lead) => lead,
            Ruling::Found(found) => {
                return Ok(found.into_iter().map(|(at, value)| (at, Known::Value(value))).collect());
            }
            Ruling::TurnedDown(_) if !concerned => return Ok(Vec::new()),
            Ruling::TurnedDown(error) => return Err(told(returns, &error)),
        };
        let names: Vec<_> = owns.iter().map(|own| G::name(own).clone()).collect();
        let answer = match lead.drive(count, async { (self.body)(owns, columns).await }).await {
            Ended::Returned(returned) => M::split(returned).map_err(Failure::Error),
            Ended::Panicked(panic) => Err(Failure::Panic(panic)),
            Ended::TimedOut => Err(Failure::Late),
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(failure) => match lead.stand_in() {
                Ok(known) => return Ok(known),
                Err(lead) => {
                    let returned = failed(lead, returns, failure);
                    return if concerned { Err(returned) } else { Ok(Vec::new()) };
                }
            },
        };
        let hashes = Hashes { asked: self.hashes.0, answered: self.hashes.1 };
        match F::part(answer, &names, hashes) {
            Ok(values) => {
                let kept = values.into_iter().map(A::keep).collect();
                let kept = if let Some(places) = places { pick::<H>(kept, &places) } else { kept };
                Ok(lead.settle(self.shell, kept).await)
            }
            Err(returned) => {
                lead.fail(|| None);
                if !concerned {
                    return Ok(Vec::new());
                }
                Err(told(returns, &of_wrong_length(&self.name, count, returned)))
            }
        }
    }

    /// Runs the body for all items as they are; nothing is looked up or stored.
    pub(super) async fn bypass<O, H, T, N, Fut>(&self, cache: &Arc<Cache<O, H, T>>, items: Vec<N>) -> R
    where
        O: Eq + Clone + 'static,
        H: Held,
        T: Table<O, H>,
        B: Fn(Vec<N>, usize) -> Fut,
        Fut: Future<Output = R>,
    {
        let mut lead = Lead::unstored(cache);
        let columns = self.way.columns.unwrap_or_default();
        let ended = lead.drive(items.len(), async { (self.body)(items, columns).await }).await;
        let late = lead.timed_out();
        lead.settle(self.shell, Vec::new()).await;
        match ended {
            Ended::Returned(returned) => returned,
            Ended::Panicked(panic) => resume_unwind(panic),
            Ended::TimedOut => told(&self.returns, &late),
        }
    }

    /// Whether a run that ended so is the last.
    pub(super) fn stops<V>(&self, end: &End<V, R>) -> bool {
        end.is_err() && !self.way.partial
    }
}

/// The value for each load, where several may be for one item.
fn pick<H: Held>(mut values: Vec<Option<H::Value>>, places: &[usize]) -> Vec<Option<H::Value>> {
    let last = |at: usize| places.get(at + 1) != Some(&places[at]);
    let value = |at: usize| if last(at) { values[places[at]].take() } else { values[places[at]].clone() };
    (0..places.len()).map(value).collect()
}

/// Ends loads that nothing stands in for. What the call returns.
fn failed<O, H, T, M, R>(lead: Lead<O, H, T>, returns: &Returns<M, R>, failure: Failure<R>) -> R
where
    O: Eq + Clone + 'static,
    H: Held,
    T: Table<O, H>,
{
    match failure {
        Failure::Error(returned) => {
            lead.fail(|| (returns.share)(&returned));
            returned
        }
        Failure::Panic(panic) => {
            drop(lead);
            resume_unwind(panic)
        }
        Failure::Late => {
            let error = lead.timed_out();
            lead.fail(|| None);
            told(returns, &error)
        }
    }
}

fn of_wrong_length(name: &str, asked: usize, returned: usize) -> Error {
    let text = format!("{name} was asked for {asked} items and returned {returned}, so which is whose can't be known");
    Error::new(Kind::Invalid, text)
}
