//! What the attribute's expansion calls: key, lookup, store. Hidden, and no part of the public interface.

pub mod batch;
mod load;
pub mod written;

use std::{
    marker::PhantomData,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
};

use crate::{
    bridge::{self, Shell, block_on},
    cache::{Asked, Cache, Caller, Keyed, LocalOperations, Lookup, RevisedOperations, SharedOperations},
    codec::Codecs,
    companion::{AsyncEntry, AsyncRevisedEntry, Entry, Handle, LocalEntry, RevisedEntry},
    core::Config as CoreConfig,
    error::{Error, Kind},
    fault::Fault,
    flight::SharedError,
    format::{Format, IntoFormat},
    key::parts::{Key, Parts},
    keyer::{CallKey, FileName, Keyer, Text, from_fn},
    memory::{
        held::{As, Held},
        table::Table,
    },
    observe,
    scope::{self, Scope},
    sync::Arc,
};

pub use load::{load, load_async, load_behind, load_behind_async};

pub use crate::{
    cache::Leader,
    code::{Code, Version},
    codec::{InMemory, Stored},
    core::{Config, OnLimit},
    demand::{
        Annotated, can_tell, can_tell_late, can_tell_open, errors_last, kept, key_part, limit, listed, partition,
        plain, secret_part, shared, shared_part, site, stored, stored_part, tag_part,
    },
    flight::Deadlines,
    held,
    key::parts::Borrowed,
    keyer::{Hash as HashKeyer, Readable as ReadableKeyer},
    memory::{
        held::{HoldCopy, HoldLeaf, HoldShared, Kind as HeldKind},
        table::Bound,
        weight::Weigh,
    },
    part,
    registered::registered,
    returns,
    returns::{Fallible, MaybeNone, Mode, NotResult, Plain, Probe, ResultOk, Returns},
    schema::{Outline, Schema},
    schema_of, schema_part,
    scope::Mode as ScopeMode,
    site::{Home, LocalSite, PerThread, Recipe, Shape, Site},
    strategy,
    strategy::{
        Breaker, Doorkeeper, RateLimit, Strategy, Transform,
        hook::Transforms,
        life::{Life, Terms},
        list::List as Strategies,
    },
    tags::IntoTags,
    tier::{IntoBackend, Made, Opener},
    transform,
    wrap::{
        Wraps,
        background::Background,
        limited::{Eviction, Limits},
    },
};

/// What stands for a function in `depends` where there is no type of its name, which those with companions have.
pub mod unannotated {
    /// No function with a cache.
    #[derive(Debug)]
    pub enum __CacherOther {}
}

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

/// How the call is to be answered.
#[must_use]
#[inline]
pub fn in_scope() -> ScopeMode {
    scope::take()
}

/// What is said about a value: gives a closure's parameter its type.
#[inline]
pub fn ask<V, T>(value: &V, ask: impl FnOnce(&V) -> T) -> T {
    ask(value)
}

/// Runs a sync call behind its caller. A panic is reported.
pub fn detach(function: &'static str, call: impl FnOnce() + Send + 'static) {
    let scope = Scope::behind();
    bridge::spawn_body(move || {
        if catch_unwind(AssertUnwindSafe(|| scope.enter(call))).is_err() {
            report_panic(function);
        }
    });
}

/// The same for an async call.
pub fn detach_async(function: &'static str, call: impl Future<Output = ()> + Send + 'static) {
    let call = Scope::behind().wrap(call);
    bridge::detach(async move {
        if bridge::caught(call).await.is_err() {
            report_panic(function);
        }
    });
}

fn report_panic(function: &str) {
    let error = Error::new(Kind::Unavailable, "a call in the background panicked");
    observe::report(Fault { cache: function.into(), error });
}

/// What is made of a value: gives a closure's parameter its type.
#[inline]
pub fn ask_owned<V, T>(value: V, ask: impl FnOnce(V) -> T) -> T {
    ask(value)
}

/// Calls a function in another mode: the next lookup on this thread takes it, those of the body do not.
pub fn once<T>(mode: ScopeMode, call: impl FnOnce() -> T) -> T {
    scope::once(mode, call)
}

/// Polls a future whose first lookup is in another mode.
pub async fn once_async<F: Future>(mode: ScopeMode, mut call: Pin<&mut F>) -> F::Output {
    let mut first = true;
    std::future::poll_fn(|cx| {
        if std::mem::take(&mut first) { scope::once(mode, || call.as_mut().poll(cx)) } else { call.as_mut().poll(cx) }
    })
    .await
}

/// The type of a closure, as what tells a function and its type parameters from others.
#[inline]
pub fn marker<M>(_closure: &M) -> PhantomData<M> {
    PhantomData
}

/// The shape of a function whose values are held as `held` says.
#[inline]
pub fn shape<M: 'static, H: Held, C>(
    _marker: PhantomData<M>,
    _held: As<H>,
    _codec: C,
    configure: fn() -> Config,
    seen: fn(&H::Value) -> Terms,
    weigh: fn(&H::Value) -> u64,
    transforms: Transforms<H::Value>,
) -> Shape<M, H, C> {
    Shape::new(configure, seen, weigh, transforms)
}

/// A built-in strategy: gives the expression its type.
pub fn built_in<S: Strategy>(strategy: S) -> Option<Arc<dyn Strategy>> {
    Some(Arc::new(strategy))
}

/// What the arguments say about whether a value is kept: gives the expression its type.
#[inline]
#[must_use]
pub fn condition(holds: bool) -> bool {
    holds
}

/// Tags as text.
pub fn tags(tags: impl IntoTags) -> Vec<String> {
    tags.into_tags()
}

/// The strategies among the items of a list.
#[must_use]
pub fn strategies<const N: usize>(items: [Option<Arc<dyn Strategy>>; N]) -> Strategies {
    items.into_iter().flatten().collect()
}

/// The transforms among the items of a list.
#[must_use]
pub fn transforms<V, const N: usize>(items: [Option<Arc<dyn Transform<V>>>; N]) -> Vec<Arc<dyn Transform<V>>> {
    items.into_iter().flatten().collect()
}

/// How writes are held back: gives the expression its type.
pub fn background(background: Background) -> Background {
    background
}

/// Opens a backend.
///
/// # Errors
/// Those of the backend.
pub fn open<M>(backend: impl IntoBackend<M>) -> crate::error::Result<Made> {
    backend.into_backend()
}

/// A format, for the configuration.
pub fn format<M>(format: impl IntoFormat<M>) -> Option<crate::error::Result<Format>> {
    Some(format.into_format())
}

/// A keyer, for the configuration.
pub fn keyer(keyer: impl Keyer) -> Option<Arc<dyn Keyer>> {
    Some(Arc::new(keyer))
}

/// The keyer that a closure of `keyer` is.
pub fn keyer_from_fn<F, S>(name: F) -> Option<Arc<dyn Keyer>>
where
    F: Fn(&CallKey<'_>) -> S + Send + Sync + 'static,
    S: Text,
{
    keyer(from_fn(name))
}

/// The keyer that a closure of `file_name` is.
pub fn file_name<F, S>(name: F) -> Option<Arc<dyn Keyer>>
where
    F: Fn(&CallKey<'_>) -> S + Send + Sync + 'static,
    S: Text,
{
    keyer(FileName(name))
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

fn not_cached<M, R>(returns: &Returns<M, R>, name: &str) -> R {
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
fn told<M, R>(returns: &Returns<M, R>, error: &Error) -> R {
    match (returns.failed)(error.clone()) {
        Some(returned) => returned,
        None => panic!("{error}: let it return `Result<_, E>` with `E: From<cacher::Error>` to be told so"),
    }
}

fn keyed<S, Z, P>(home: S, recipe: &Z, parts: &P, terms: &Terms) -> Keyed<P::Owned, Z::Held, S::Table>
where
    P: Parts,
    Z: Recipe<Codec: Codecs<P::Owned, <Z::Held as Held>::Value>>,
    S: Home<P::Owned, Z::Held>,
{
    home.with(*recipe, |cache| cache.keyed(parts, terms.clone()))
}

/// The entry of a sync call.
pub fn entry<S, Z, P, V: 'static>(home: S, recipe: &Z, parts: &P, terms: &Terms) -> Entry<V>
where
    P: Parts,
    Z: Recipe<Codec: Codecs<P::Owned, V>, Held: Held<Value = V>>,
    S: Home<P::Owned, Z::Held>,
    Keyed<P::Owned, Z::Held, S::Table>: SharedOperations<V> + Send + Sync + 'static,
{
    Entry(Arc::new(keyed(home, recipe, parts, terms)))
}

/// The entry of an async call.
pub fn entry_async<S, Z, P, V: 'static>(home: S, recipe: &Z, parts: &P, terms: &Terms) -> AsyncEntry<V>
where
    P: Parts,
    Z: Recipe<Codec: Codecs<P::Owned, V>, Held: Held<Value = V>>,
    S: Home<P::Owned, Z::Held>,
    Keyed<P::Owned, Z::Held, S::Table>: SharedOperations<V> + Send + Sync + 'static,
{
    AsyncEntry(Arc::new(keyed(home, recipe, parts, terms)))
}

/// The entry of a sync call of a function with `revisions`.
pub fn entry_revised<S, Z, P, V: 'static>(home: S, recipe: &Z, parts: &P, terms: &Terms) -> RevisedEntry<V>
where
    P: Parts,
    Z: Recipe<Codec: Codecs<P::Owned, V>, Held: Held<Value = V>>,
    S: Home<P::Owned, Z::Held>,
    Keyed<P::Owned, Z::Held, S::Table>: RevisedOperations<V> + Send + Sync + 'static,
{
    RevisedEntry::new(Arc::new(keyed(home, recipe, parts, terms)))
}

/// The entry of an async call of a function with `revisions`.
pub fn entry_revised_async<S, Z, P, V: 'static>(home: S, recipe: &Z, parts: &P, terms: &Terms) -> AsyncRevisedEntry<V>
where
    P: Parts,
    Z: Recipe<Codec: Codecs<P::Owned, V>, Held: Held<Value = V>>,
    S: Home<P::Owned, Z::Held>,
    Keyed<P::Owned, Z::Held, S::Table>: RevisedOperations<V> + Send + Sync + 'static,
{
    AsyncRevisedEntry::new(Arc::new(keyed(home, recipe, parts, terms)))
}

/// The entry of a call of a function with `thread_local`.
pub fn entry_local<S, Z, P, V: 'static>(home: S, recipe: &Z, parts: &P, terms: &Terms) -> LocalEntry<V>
where
    P: Parts,
    Z: Recipe<Codec: Codecs<P::Owned, V>, Held: Held<Value = V>>,
    S: Home<P::Owned, Z::Held>,
    Keyed<P::Owned, Z::Held, S::Table>: LocalOperations<V> + 'static,
{
    LocalEntry(std::rc::Rc::new(keyed(home, recipe, parts, terms)))
}

/// The whole cache of a function that has no type parameters.
#[must_use]
pub fn handle<M: 'static>(site: &Site, _marker: PhantomData<M>, configure: fn() -> CoreConfig) -> Handle {
    Handle::of(site.core::<M>(configure))
}

/// The whole cache of a generic function: of the instantiations used so far. `place` is a closure in the companion
/// that asks, whose own name comes last in its path; the function's comes in its place, if that is not before it.
pub fn handle_of_all<M>(site: &Site, _place: &M, name: Option<&str>, function: &str) -> Handle {
    let path = crate::place::function(std::any::type_name::<M>());
    let owner = path.rsplit_once("::").map_or("", |(owner, _)| owner);
    let path = if function.is_empty() { owner.to_owned() } else { format!("{owner}::{function}") };
    Handle::new(name.map_or_else(|| path.into(), Into::into), site.cores())
}
