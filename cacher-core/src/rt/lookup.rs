//! Answers calls, as far as no body has to run.

use crate::{
    bridge::{Shell, block_on},
    cache::{Asked, Cache, Caller, Leader, Lookup},
    codec::Codecs,
    error::{Error, Kind},
    flight::SharedError,
    key::parts::{Key, Parts},
    memory::{held::Held, table::Table},
    returns::{Mode, Returns},
    scope::{self, Mode as ScopeMode},
    site::{Home, Recipe},
    strategy::life::Terms,
    sync::Arc,
};
/// The answer to a call.
type Answer<R, P, Z, S> = Step<R, Box<Leader<<P as Parts>::Owned, HeldBy<Z>, TableOf<P, Z, S>>>>;
type HeldBy<Z> = <Z as Recipe>::Held;
type TableOf<P, Z, S> = <S as Home<<P as Parts>::Owned, HeldBy<Z>>>::Table;

/// What to do next: it is done, or something is to be run.
#[derive(Debug)]
pub enum Step<R, N> {
    /// The return value.
    Done(R),
    /// What is to be done for it.
    Run(N),
}

/// Answers a sync call.
#[inline]
pub fn lookup<S, Z, M, R, P>(
    mode: ScopeMode,
    home: S,
    recipe: &Z,
    returns: &Returns<M, R>,
    parts: &P,
    terms: impl FnOnce() -> Terms,
) -> Answer<R, P, Z, S>
where
    P: Parts,
    Z: Recipe<Codec: Codecs<P::Owned, M::Value>, Held: Held<Value = M::Value>>,
    M: Mode<R>,
    S: Home<P::Owned, Z::Held>,
{
    let mut asked = Asked::No;
    match home.find::<Z::Marker, _>(|cache| cache.first(mode, parts, &mut asked)) {
        Some(value) => Step::Done(M::returned(value)),
        None => look_further((mode, asked), home, *recipe, *returns, parts, terms),
    }
}

/// Kept out of the hit's way, as is what it takes by value.
#[cold]
#[inline(never)]
fn look_further<S, Z, M, R, P>(
    (mode, mut asked): (ScopeMode, Asked),
    home: S,
    recipe: Z,
    returns: Returns<M, R>,
    parts: &P,
    terms: impl FnOnce() -> Terms,
) -> Answer<R, P, Z, S>
where
    P: Parts,
    Z: Recipe<Codec: Codecs<P::Owned, M::Value>, Held: Held<Value = M::Value>>,
    M: Mode<R>,
    S: Home<P::Owned, Z::Held>,
{
    let (mode, given) = scope::given(mode);
    let (cache, key) = home.with(recipe, |cache| cache.second(parts));
    match cache.first_given((mode, given.as_deref()), (&key, terms()), &mut asked) {
        Ok(value) => Step::Done(M::returned(value)),
        Err(terms) => answer((cache, key, terms), (Shell::Sync, mode, asked), returns),
    }
}

/// What a call is: its cache, its key, its terms.
type Call<O, H, T> = (Arc<Cache<O, H, T>>, Key<O>, Terms);

/// Answers a sync call that memory did not answer at first.
pub(crate) fn answer<O, H, T, M, R>(
    (cache, key, terms): Call<O, H, T>,
    (shell, mode, asked): (Shell, ScopeMode, Asked),
    returns: Returns<M, R>,
) -> Step<R, Box<Leader<O, H, T>>>
where
    O: Eq + Clone + 'static,
    H: Held<Value = M::Value>,
    T: Table<O, H>,
    M: Mode<R>,
{
    let answer = cache
        .at_once(shell, mode, (key, terms))
        .unwrap_or_else(|call| block_on(cache.go_on(shell, mode, call, asked, caller(returns))));
    step(answer, &returns, &cache)
}

/// Answers an async call that memory did not answer at first.
pub(crate) async fn answer_async<O, H, T, M, R>(
    (cache, key, terms): Call<O, H, T>,
    (shell, mode, asked): (Shell, ScopeMode, Asked),
    returns: Returns<M, R>,
) -> Step<R, Box<Leader<O, H, T>>>
where
    O: Eq + Clone + 'static,
    H: Held<Value = M::Value>,
    T: Table<O, H>,
    M: Mode<R>,
{
    let answer = match cache.at_once(shell, mode, (key, terms)) {
        Ok(answer) => answer,
        Err(call) => cache.go_on(shell, mode, call, asked, caller(returns)).await,
    };
    step(answer, &returns, &cache)
}

/// Answers an async call. Memory is asked at once, the rest when polled.
#[inline]
pub fn lookup_async<S, Z, M, R, P>(
    mode: ScopeMode,
    home: S,
    recipe: &Z,
    returns: &Returns<M, R>,
    parts: &P,
    terms: impl FnOnce() -> Terms,
) -> impl Future<Output = Answer<R, P, Z, S>>
where
    P: Parts,
    Z: Recipe<Codec: Codecs<P::Owned, M::Value>, Held: Held<Value = M::Value>>,
    M: Mode<R>,
    S: Home<P::Owned, Z::Held>,
{
    let mut asked = Asked::No;
    let found = home.find::<Z::Marker, _>(|cache| cache.first(mode, parts, &mut asked));
    let first = found.map_or_else(
        || {
            let (mode, given) = scope::given(mode);
            let (cache, key) = home.with(*recipe, |cache| cache.second(parts));
            match cache.first_given((mode, given.as_deref()), (&key, terms()), &mut asked) {
                Ok(value) => Ok(value),
                // Behind a pointer, so that the future of a hit is small.
                Err(terms) => Err(Box::pin(answer_async((cache, key, terms), (Shell::Async, mode, asked), *returns))),
            }
        },
        Ok,
    );
    async move {
        match first {
            Ok(value) => Step::Done(M::returned(value)),
            Err(further) => further.await,
        }
    }
}

/// What the return type of a function can say.
fn caller<M, R>(returns: Returns<M, R>) -> Caller<impl Fn(&SharedError) -> bool> {
    Caller { takes: move |error: &SharedError| (returns.shared)(error).is_some(), tells: returns.tells }
}

fn step<O, H, T, M, R>(
    answer: Lookup<O, H, T>,
    returns: &Returns<M, R>,
    cache: &Cache<O, H, T>,
) -> Step<R, Box<Leader<O, H, T>>>
where
    O: Eq + Clone + 'static,
    H: Held<Value = M::Value>,
    T: Table<O, H>,
    M: Mode<R>,
{
    match answer {
        Lookup::Hit(value) => Step::Done(M::returned(value)),
        Lookup::Miss(leader) => Step::Run(leader),
        Lookup::Failed(error) => match (returns.shared)(&error) {
            Some(returned) => Step::Done(returned),
            None => unreachable!("an error is shared by who can take it"),
        },
        Lookup::Absent => Step::Done(not_cached(returns, &cache.name())),
        Lookup::TurnedDown(error) => match (returns.failed)(error) {
            Some(returned) => Step::Done(returned),
            None => unreachable!("an error is told by who can tell it"),
        },
    }
}

pub(super) fn not_cached<M, R>(returns: &Returns<M, R>, name: &str) -> R {
    let replays = scope::isolation().is_some_and(|isolation| isolation.replays());
    let text = if replays {
        format!("this call of {name} was not recorded, and nothing is loaded in `replay`")
    } else {
        format!("{name} has nothing cached for this call, and was not to load it")
    };
    match (returns.failed)(Error::new(Kind::NotCached, text.clone())) {
        Some(returned) => returned,
        None if replays => panic!("{text}"),
        None => panic!(
            "`only_if_cached`: {name} has nothing cached for this call, and cannot say so: let it return \
             `Result<_, E>` with `E: From<cacher::Error>`"
        ),
    }
}

/// An error as what the call returns; a panic where that can't say it.
pub(super) fn told<M, R>(returns: &Returns<M, R>, error: &Error) -> R {
    match (returns.failed)(error.clone()) {
        Some(returned) => returned,
        None => panic!("{error}: let it return `Result<_, E>` with `E: From<cacher::Error>` to be told so"),
    }
}
