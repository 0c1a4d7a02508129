//! Calls of a function with `batch`: what is cached of many items, and bodies for the rest.

mod call;
mod companions;
mod form;
mod gather;
mod reading;
mod runner;
mod spread;

use std::{fmt, future::ready, marker::PhantomData};

use call::Call;
pub use companions::{each, entries, entries_async, entries_local, iterate, only, stream};
pub use form::{
    Absence, Answers, Carrier, Each, Forgotten, Form, Given, Hashes, InOrder, Mapped, Only, OptionalInOrder, Remembered,
};
pub use gather::{Alone, Gathers, Window};
pub use reading::{
    Both, ByRef, ByValue, EntriesByRef, EntriesByValue, Reading, apart, combine, extract, factors, list, product,
    side_by_side,
};
use runner::{Chunk, Runner};

use super::{
    ScopeMode,
    lookup::{not_cached, told},
};
pub use crate::demand::again;
use crate::{
    bridge::{Shell, block_on},
    codec::Codecs,
    error::{Error, Kind},
    key::{
        part::KeyPart,
        parts::{self, Parts},
    },
    memory::held::Held,
    returns::{Mode, Returns},
    site::{Home, Recipe},
    strategy::life::Terms,
    sync::Arc,
};

/// How a batch is loaded.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// How many items one body gets at most.
    pub most: usize,
    /// How many bodies run at a time.
    pub parallel: usize,
    /// Whether what is cached is returned where the body fails.
    pub partial: bool,
    /// Of a product: how many items a row has.
    pub columns: Option<usize>,
}

impl Default for Way {
    fn default() -> Self {
        Self { most: usize::MAX, parallel: 1, partial: false, columns: None }
    }
}

/// How items `I` are read, how answers are returned, and what is kept of an item without one.
pub struct Kinds<G, F, A>(PhantomData<fn() -> (G, F, A)>);

impl<G, F, A> Kinds<G, F, A> {
    /// These.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<G, F, A> Default for Kinds<G, F, A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<G, F, A> fmt::Debug for Kinds<G, F, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kinds").finish()
    }
}

impl<G, F, A> Clone for Kinds<G, F, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<G, F, A> Copy for Kinds<G, F, A> {}

/// The items of a call, and what identifies each.
pub struct Items<'i, G, F, A, I, L, Q, E, X, Y> {
    kinds: PhantomData<Kinds<G, F, A>>,
    listed: &'i [I],
    parts: L,
    rest: Q,
    terms: E,
    asked: X,
    answered: Y,
}

impl<G, F, A, I, L, Q, E, X, Y> fmt::Debug for Items<'_, G, F, A, I, L, Q, E, X, Y> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").finish_non_exhaustive()
    }
}

/// Items, with what identifies the one at a place (`parts`), what is the same for all (`rest`), what each says about its value, and
/// the hashes of the names of items and of answers.
pub fn items<G, F, A, C, I, L, P, Q, E, X, Y>(
    (_kinds, _returned): (Kinds<G, F, A>, PhantomData<C>),
    items: &[I],
    (parts, rest): (L, Q),
    terms: E,
    asked: X,
    answered: Y,
) -> Items<'_, G, F, A, I, L, Q, E, X, Y>
where
    G: Reading<I>,
    F: Answers<C>,
    L: Fn(usize) -> P,
    E: Fn(usize) -> Terms,
    X: Fn(&G::Name) -> u64,
    Y: Fn(&F::Name) -> u64,
{
    Items { kinds: PhantomData, listed: items, parts, rest, terms, asked, answered }
}

/// A number that names have in common if they are equal.
pub fn name_hash<P: KeyPart>(part: &P) -> u64 {
    parts::hash_of_part(part)
}

/// The error of lists that are not as long as each other.
///
/// # Panics
/// If the call can't return it.
#[must_use]
pub fn of_two_lengths<M, R>(returns: &Returns<M, R>, (one, other): (usize, usize)) -> R {
    let text = format!("the lists of a batch stand side by side, and one has {one} items, the other {other}");
    told(returns, &Error::new(Kind::Invalid, text))
}

type TableOf<P, Z, S> = <S as Home<<P as Parts>::Owned, <Z as Recipe>::Held>>::Table;
type ChunkOf<P, Z, S, N> = Chunk<<P as Parts>::Owned, <Z as Recipe>::Held, TableOf<P, Z, S>, N>;

macro_rules! batch {
    (
        $(#[$doc:meta])* $name:ident, $shell:ident, [$($more:tt)*],
        |$most:ident, $chunks:ident, $run:ident, $stops:ident| $spread:expr
    ) => {
        $(#[$doc])*
        pub async fn $name<S, Z, M, R, G, F, A, I, L, P, Q, E, X, Y, W, B, Fut>(
            mode: ScopeMode,
            home: S,
            recipe: Z,
            returns: Returns<M, R>,
            (way, window): (Way, W),
            items: Items<'_, G, F, A, I, L, Q, E, X, Y>,
            body: B,
        ) -> R
        where
            L: Fn(usize) -> P,
            P: Parts,
            Q: Parts,
            S: Home<P::Owned, Z::Held>,
            Z: Recipe<Codec: Codecs<P::Owned, A::Kept>, Held: Held<Value = A::Kept>>,
            M: Mode<R>,
            G: Reading<I>,
            F: Form<M::Value, G::Name>,
            A: Absence<F::Value>,
            E: Fn(usize) -> Terms,
            X: Fn(&G::Name) -> u64,
            Y: Fn(&F::Name) -> u64,
            W: Gathers<Q, P::Owned, Z::Held, TableOf<P, Z, S>, G::Own>,
            B: Fn(Vec<G::Own>, usize) -> Fut,
            Fut: Future<Output = R>,
            $($more)*
        {
            let (mode, given) = crate::scope::given(mode);
            let cache = home.with(recipe, Arc::clone);
            let Items { kinds: _, listed: items, parts, rest, terms, asked, answered } = items;
            let own = |at: usize| G::own(&items[at]);
            let name = |at: usize| G::named(&items[at]);
            let (shell, hashes, body) = (Shell::$shell, (&asked, &answered), &body);
            let runner = Runner { shell, returns, way, name: cache.name(), hashes, body };
            if mode == ScopeMode::Bypass {
                return runner.bypass(&cache, (0..items.len()).map(own).collect()).await;
            }
            let options = given.as_ref().and_then(|given| given.options.as_ref());
            let particular = options.is_some_and(|options| options.are_particular());
            let terms = |at: usize| cache.with_options(terms(at), options);
            let mut call = match Call::begin(&cache, (shell, mode, particular), (items.len(), parts), terms) {
                Ok(values) => match A::give_all(values) {
                    Given::All(values) => return M::returned(F::all(values, name)),
                    Given::Some(values) => return M::returned(F::join(values, name)),
                },
                Err(call) => call,
            };
            let mut failed = None;
            while failed.is_none() && !call.is_complete() {
                if let Some(lead) = call.batch.look(mode).await {
                    if mode == ScopeMode::OnlyIfCached {
                        return not_cached(&returns, &cache.name());
                    }
                    let chunk = Chunk::new(lead, &call.firsts, way.columns, own);
                    if let Some(chunk) = window.gather(&rest, chunk, &mut call, way.most).await {
                        let kinds = PhantomData::<fn() -> (G, F, A, I)>;
                        let ($most, $chunks) = (way.parallel, chunk.split(way.most));
                        let called = call.batch.called();
                        let $run = |chunk| runner.run(kinds, chunk, called);
                        let $stops = |end: &_| runner.stops(end);
                        failed = call.note($spread);
                    }
                }
                if failed.is_none() || way.partial {
                    let shared = call.batch.follow(way.partial, |error| (returns.shared)(error).is_some()).await.err();
                    failed = failed.or_else(|| shared.and_then(|error| (returns.shared)(&error)));
                }
            }
            match failed {
                Some(returned) if !way.partial || !call.has_values() => returned,
                _ => {
                    let values = call.into_values().into_iter().map(|value| value.and_then(A::give));
                    M::returned(F::join(values.collect(), name))
                }
            }
        }
    };
}

batch!(
    /// Answers an async call.
    batch, Async, [], |most, chunks, run, stops| spread::on_this_task(most, chunks, run, stops).await
);
batch!(
    /// Answers a sync call, as a future that is ready when it is polled.
    in_place, Sync, [], |_one, chunks, run, stops| spread::on_this_task(1, chunks, run, stops).await
);
batch!(
    /// The same with bodies on several threads.
    on_threads, Sync,
    [
        ChunkOf<P, Z, S, G::Own>: Send,
        A::Kept: Send,
        R: Send,
        X: Sync,
        Y: Sync,
        B: Sync,
    ],
    |most, chunks, run, stops| spread::on_threads(most, chunks, run, stops)
);

macro_rules! sync {
    ($(#[$doc:meta])* $name:ident, $inner:ident, [$($more:tt)*]) => {
        $(#[$doc])*
        pub fn $name<S, Z, M, R, G, F, A, I, L, P, Q, E, X, Y, W, B>(
            mode: ScopeMode,
            home: S,
            recipe: Z,
            returns: Returns<M, R>,
            way: (Way, W),
            items: Items<'_, G, F, A, I, L, Q, E, X, Y>,
            body: B,
        ) -> R
        where
            L: Fn(usize) -> P,
            P: Parts,
            Q: Parts,
            S: Home<P::Owned, Z::Held>,
            Z: Recipe<Codec: Codecs<P::Owned, A::Kept>, Held: Held<Value = A::Kept>>,
            M: Mode<R>,
            G: Reading<I>,
            F: Form<M::Value, G::Name>,
            A: Absence<F::Value>,
            E: Fn(usize) -> Terms,
            X: Fn(&G::Name) -> u64,
            Y: Fn(&F::Name) -> u64,
            W: Gathers<Q, P::Owned, Z::Held, TableOf<P, Z, S>, G::Own>,
            B: Fn(Vec<G::Own>, usize) -> R,
            $($more)*
        {
            let body = |items, columns| ready(body(items, columns));
            block_on($inner(mode, home, recipe, returns, way, items, body))
        }
    };
}

sync!(
    /// Answers a sync call.
    batch_sync, in_place, []
);
sync!(
    /// Answers a sync call whose bodies run on several threads.
    batch_on_threads, on_threads,
    [
        ChunkOf<P, Z, S, G::Own>: Send,
        A::Kept: Send,
        R: Send,
        X: Sync,
        Y: Sync,
        B: Sync,
    ]
);
