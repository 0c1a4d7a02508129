//! How the cached calls inside a closure or a future are to be answered.

use std::{
    cell::Cell,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use crate::sync::thread_local;

/// How cached calls are answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// From the cache, else by the body, whose value is stored.
    #[default]
    Normal,
    /// By the body; nothing is read or stored.
    Bypass,
    /// By the body, whose value is stored.
    Refresh,
    /// From the cache, else by the body; nothing is stored.
    ReadOnly,
    /// From the cache, else not at all.
    OnlyIfCached,
    /// From the cache if the value is no older, else by the body, whose value is stored.
    NoOlder(MostAge),
}

/// An age in milliseconds: small, as every call looks at what is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MostAge(u32);

impl MostAge {
    fn new(age: Duration) -> Self {
        Self(u32::try_from(age.as_millis()).unwrap_or(u32::MAX))
    }

    pub(crate) fn allows(self, age: Duration) -> bool {
        self.0 == u32::MAX || age <= Duration::from_millis(self.0.into())
    }
}

/// What is in force on a thread.
#[derive(Clone, Copy, Debug)]
struct InForce {
    /// For the next call.
    next: Mode,
    /// For those after it.
    scope: Mode,
}

thread_local! {
    static IN_FORCE: Cell<InForce> = const { Cell::new(InForce { next: Mode::Normal, scope: Mode::Normal }) };
}

/// How the call that asks is to be answered.
#[inline]
pub(crate) fn take() -> Mode {
    let InForce { next, scope } = IN_FORCE.get();
    if next != scope {
        IN_FORCE.set(InForce { next: scope, scope });
    }
    next
}

/// Answers the first cached call inside in this mode, as far as the scope in force allows: where nothing is stored,
/// a refresh stores nothing, and where no body runs, none is run for it.
pub(crate) fn once<T>(mode: Mode, call: impl FnOnce() -> T) -> T {
    let before = IN_FORCE.get();
    let mode = match (mode, before.scope) {
        (Mode::Refresh, Mode::Bypass | Mode::ReadOnly) => Mode::Bypass,
        (Mode::Refresh, Mode::OnlyIfCached) => Mode::OnlyIfCached,
        (mode, _) => mode,
    };
    IN_FORCE.set(InForce { next: mode, ..before });
    let _restored = Restored(before);
    call()
}

/// Runs the bodies of all cached calls inside, and neither reads nor changes any cache.
///
/// Takes a closure, or a future; a closure that makes a future does not compile, because the scope would end before
/// the future runs. Threads and tasks started inside do not inherit the scope: see [`Scope::current`].
///
/// ```
/// assert_eq!(cacher_core::scope::bypass(|| 1 + 1), 2);
/// ```
/// ```compile_fail
/// async fn user() {}
/// cacher_core::scope::bypass(|| user()); // write `bypass(user()).await`
/// ```
pub fn bypass<M, S: Scoped<M>>(scoped: S) -> S::Output {
    scoped.within(Scope(Mode::Bypass))
}

/// Runs the bodies of all cached calls inside, and stores what they return. Takes what [`bypass`] takes.
pub fn refresh<M, S: Scoped<M>>(scoped: S) -> S::Output {
    scoped.within(Scope(Mode::Refresh))
}

/// Answers cached calls inside from their caches or by their bodies, and stores nothing. Takes what [`bypass`] takes.
pub fn read_only<M, S: Scoped<M>>(scoped: S) -> S::Output {
    scoped.within(Scope(Mode::ReadOnly))
}

/// Answers cached calls inside from their caches, and runs no body. Takes what [`bypass`] takes.
///
/// A call that finds nothing returns an error of kind [`NotCached`](crate::error::Kind::NotCached), for which its
/// function must return `Result<_, E>` with `E: From<cacher::Error>`.
///
/// # Panics
/// A call that finds nothing panics if its function cannot return that error.
pub fn only_if_cached<M, S: Scoped<M>>(scoped: S) -> S::Output {
    scoped.within(Scope(Mode::OnlyIfCached))
}

/// Answers cached calls inside with values that are no older than this, and runs the body for others; what it returns is
/// stored. One body runs at a time for a key, whose value others wait for; a batch one of whose items is older loads them
/// all. No value stands in for one that can't be loaded. Ages are counted in milliseconds, up to 49 days; more is no
/// limit. Takes what [`bypass`] takes.
///
/// ```
/// use std::time::Duration;
/// # fn rates() -> f64 { 1.0 }
///
/// let now = cacher_core::scope::no_older_than(Duration::from_secs(10), || rates());
/// ```
pub fn no_older_than<M, S: Scoped<M>>(age: Duration, scoped: S) -> S::Output {
    scoped.within(Scope(Mode::NoOlder(MostAge::new(age))))
}

/// The scope in force, to carry it into a thread or a task.
///
/// ```
/// use cacher_core::scope::{self, Scope};
///
/// scope::bypass(|| {
///     let scope = Scope::current();
///     std::thread::spawn(move || scope.enter(|| { /* bypassed here too */ })).join().unwrap();
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope(Mode);

impl Scope {
    /// The scope in force here.
    #[must_use]
    pub fn current() -> Self {
        Self(IN_FORCE.get().scope)
    }

    /// Runs `closure` in this scope.
    pub fn enter<T>(self, closure: impl FnOnce() -> T) -> T {
        let _restored = Restored(IN_FORCE.replace(InForce { next: self.0, scope: self.0 }));
        closure()
    }

    /// The future, polled in this scope.
    pub fn wrap<F: Future>(self, future: F) -> InScope<F> {
        InScope { scope: self, future: Box::pin(future) }
    }
}

/// Puts back what was in force, also when the closure panics.
struct Restored(InForce);

impl Drop for Restored {
    fn drop(&mut self) {
        IN_FORCE.set(self.0);
    }
}

/// A future polled in a [`Scope`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct InScope<F> {
    scope: Scope,
    future: Pin<Box<F>>,
}

impl<F: Future> Future for InScope<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let scope = self.scope;
        let future = self.future.as_mut();
        scope.enter(|| future.poll(cx))
    }
}

/// What a scope takes: a closure, or a future. `M` only tells the two apart.
pub trait Scoped<M> {
    /// What comes out: the closure's value, or a future in the scope.
    type Output;
    #[doc(hidden)]
    fn within(self, scope: Scope) -> Self::Output;
}

#[doc(hidden)]
#[derive(Debug)]
pub struct Closure<T>(PhantomData<T>);
#[doc(hidden)]
#[derive(Debug)]
pub struct Awaited;
#[doc(hidden)]
#[derive(Debug)]
pub struct GiveTheFutureWithoutAClosure<T>(PhantomData<T>);

impl<T, F: FnOnce() -> T> Scoped<Closure<T>> for F {
    type Output = T;
    fn within(self, scope: Scope) -> T {
        scope.enter(self)
    }
}

impl<F: Future> Scoped<Awaited> for F {
    type Output = InScope<F>;
    fn within(self, scope: Scope) -> InScope<F> {
        scope.wrap(self)
    }
}

/// Makes a closure that returns a future ambiguous, and so an error, which shows the name of the marker: the scope
/// would end before the future runs.
impl<T: Future, F: FnOnce() -> T> Scoped<GiveTheFutureWithoutAClosure<T>> for F {
    type Output = T;
    fn within(self, scope: Scope) -> T {
        scope.enter(self)
    }
}
