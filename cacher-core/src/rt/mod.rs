//! What the attribute's expansion calls: key, lookup, store. Hidden, and no part of the public interface.

pub mod batch;
mod entries;
mod load;
mod lookup;
pub mod written;

use std::{
    marker::PhantomData,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
};

use crate::{
    bridge,
    error::{Error, Kind},
    fault::Fault,
    format::Format,
    format::IntoFormat,
    keyer::{CallKey, FileName, Keyer, Text, from_fn},
    memory::held::{As, Held},
    observe,
    scope::{self, Scope},
    sync::Arc,
};

pub use entries::{entry, entry_async, entry_local, entry_revised, entry_revised_async, handle, handle_of_all};
pub use load::{load, load_async, load_behind, load_behind_async};
pub use lookup::{Step, lookup, lookup_async};
pub(crate) use lookup::{answer, answer_async};

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
