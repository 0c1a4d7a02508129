//! Running bodies, each for some of the items of a call.

use std::{fmt, marker::PhantomData};

use super::{Absence, Form, Hashes, Reading, Way};
use crate::{
    bridge::Shell,
    cache::{Batch, Known, Lead, Ruling},
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
    product: Option<Product>,
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>, N> fmt::Debug for Chunk<O, H, T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunk").field("lead", &self.lead).finish_non_exhaustive()
    }
}

/// A product of which some is to be loaded.
struct Product {
    columns: usize,
    /// Where in it what is to be loaded stands.
    places: Vec<usize>,
}

/// What became of a run: what is known of the wanted keys, or what the call is to return.
pub(super) type End<V, R> = Result<Vec<(usize, Known<V>)>, R>;

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>, N: Clone> Chunk<O, H, T, N> {
    /// All that is to be loaded, where `own` makes items of their places in the call; of a product with these columns
    /// the smallest one that has them all.
    pub(super) fn new(lead: Lead<O, H, T>, firsts: &[usize], columns: Option<usize>, own: impl Fn(usize) -> N) -> Self {
        let wanted: Vec<_> = lead.wants().iter().flatten().map(|want| firsts[*want]).collect();
        let Some(columns) = columns.filter(|columns| *columns > 0) else {
            return Self { lead, owns: wanted.into_iter().map(own).collect(), product: None };
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
        let product = Some(Product { columns: across.len(), places });
        Self { lead, owns: cover.into_iter().map(own).collect(), product }
    }

    pub(super) fn len(&self) -> usize {
        self.lead.wants().len()
    }

    pub(super) fn lead(&self) -> &Lead<O, H, T> {
        &self.lead
    }

    /// The same with what another call is to load.
    pub(super) fn join(self, other: Self) -> Self {
        let owns = self.owns.into_iter().chain(other.owns).collect();
        Self { lead: self.lead.join(other.lead), owns, product: None }
    }

    /// The same, so many items at most for one body.
    pub(super) fn split(self, most: usize) -> Vec<Self> {
        let Self { lead, owns, product } = self;
        if lead.wants().len() <= most || product.is_some() {
            return vec![Self { lead, owns, product }];
        }
        let mut owns = owns.into_iter();
        let part = |lead: Lead<O, H, T>| {
            let owns = owns.by_ref().take(lead.wants().len()).collect();
            Self { lead, owns, product: None }
        };
        lead.split(most.max(1)).into_iter().map(part).collect()
    }
}

/// How bodies are run.
pub(super) struct Runner<'a, M, R, X, Y, B> {
    pub(super) shell: Shell,
    pub(super) returns: Returns<M, R>,
    pub(super) way: Way,
    pub(super) name: Arc<str>,
    /// When the call began.
    pub(super) called: Tick,
    /// The hashes of the names of items and of answers.
    pub(super) hashes: (&'a X, &'a Y),
    pub(super) body: &'a B,
}

impl<M, R, X, Y, B> Runner<'_, M, R, X, Y, B> {
    /// Waits until the body may run, runs it, and hands out what it returned.
    pub(super) async fn run<O, H, T, I, G, F, A, Fut>(
        &self,
        _kinds: PhantomData<fn() -> (G, F, A, I)>,
        chunk: Chunk<O, H, T, G::Own>,
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
        let Chunk { lead, owns, product } = chunk;
        let returns = &self.returns;
        let mut lead = match lead.permitted(self.shell, returns.tells, self.called).await {
            Ruling::Run(lead) => lead,
            Ruling::Found(found) => {
                return Ok(found.into_iter().map(|(at, value)| (at, Known::Value(value))).collect());
            }
            Ruling::TurnedDown(error) => return Err(told(returns, error)),
        };
        let names: Vec<_> = owns.iter().map(|own| G::name(own).clone()).collect();
        let columns = product.as_ref().map_or(0, |product| product.columns);
        let returned = lead.drive(async { (self.body)(owns, columns).await }).await;
        let answer = match M::split(returned) {
            Ok(answer) => answer,
            Err(returned) => {
                lead.fail(|| (returns.share)(&returned));
                return Err(returned);
            }
        };
        let hashes = Hashes { asked: self.hashes.0, answered: self.hashes.1 };
        match F::part(answer, &names, hashes) {
            Ok(values) => {
                let values = if let Some(product) = product { product.pick(values) } else { values };
                Ok(lead.settle(self.shell, values.into_iter().map(A::keep).collect()).await)
            }
            Err(count) => {
                lead.fail(|| None);
                Err(told(returns, of_wrong_length(&self.name, names.len(), count)))
            }
        }
    }

    /// Runs the body for all items as they are; nothing is looked up or stored.
    pub(super) async fn bypass<O, H, T, N, Fut>(&self, mut batch: Batch<O, H, T>, items: Vec<N>) -> R
    where
        O: Eq + Clone + 'static,
        H: Held,
        T: Table<O, H>,
        B: Fn(Vec<N>, usize) -> Fut,
        Fut: Future<Output = R>,
    {
        let mut lead = batch.bypass();
        let columns = self.way.columns.unwrap_or_default();
        let returned = lead.drive(async { (self.body)(items, columns).await }).await;
        lead.settle(self.shell, Vec::new()).await;
        returned
    }

    /// Whether a run that ended so is the last.
    pub(super) fn stops<V>(&self, end: &End<V, R>) -> bool {
        end.is_err() && !self.way.partial
    }
}

impl Product {
    fn pick<V>(&self, mut values: Vec<Option<V>>) -> Vec<Option<V>> {
        self.places.iter().map(|at| values[*at].take()).collect()
    }
}

fn of_wrong_length(name: &str, asked: usize, returned: usize) -> Error {
    let text = format!("{name} was asked for {asked} items and returned {returned}, so which is whose can't be known");
    Error::new(Kind::Invalid, text)
}

/// An error as what the call returns; a panic where that can't say it.
pub(super) fn told<M, R>(returns: &Returns<M, R>, error: Error) -> R {
    match (returns.failed)(error.clone()) {
        Some(returned) => returned,
        None => panic!("{error}: let it return `Result<_, E>` with `E: From<cacher::Error>` to be told so"),
    }
}
