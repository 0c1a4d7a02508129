//! How the cached calls inside a closure or a future are to be answered.

mod isolation;
mod options;

pub(crate) use isolation::{Isolation, Purpose, tag};
pub use options::{CallOptions, with};

use std::{
    cell::{Cell, RefCell},
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use crate::sync::{Arc, thread_local};

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
    /// As is given besides: no call that memory answers at first.
    Given,
}

/// What is given for calls besides how they are answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Given {
    /// How calls are answered.
    pub(crate) mode: Mode,
    /// Whose caches are used, if not those of the process.
    pub(crate) isolation: Option<Arc<Isolation>>,
    /// What else their callers say of them.
    pub(crate) options: Option<Arc<CallOptions>>,
}

impl Given {
    /// How calls are answered: where no body runs, not otherwise than from caches.
    fn mode(&self) -> Mode {
        let replays = self.isolation.as_ref().is_some_and(|isolation| isolation.replays());
        if replays { Mode::OnlyIfCached } else { self.mode }
    }
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
    static GIVEN: RefCell<GivenHere> = const { RefCell::new(GivenHere { next: None, scope: None }) };
}

/// What is given on a thread. Where there is something, [`Mode::Given`] is in force.
#[derive(Clone, Debug, Default)]
struct GivenHere {
    /// For the next call, if that is something else.
    next: Option<Arc<Given>>,
    /// For those after it.
    scope: Option<Arc<Given>>,
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

/// The mode of a call, and what else is given for it. Asked once for each call.
pub(crate) fn given(mode: Mode) -> (Mode, Option<Arc<Given>>) {
    if mode != Mode::Given {
        return (mode, None);
    }
    let next = GIVEN.try_with(|given| given.borrow_mut().next.take()).ok().flatten();
    match next.or_else(given_here) {
        Some(given) => (given.mode(), Some(given)),
        None => (Mode::Normal, None),
    }
}

/// What is given for the calls that come.
pub(crate) fn given_here() -> Option<Arc<Given>> {
    GIVEN.try_with(|given| given.borrow().scope.clone()).ok().flatten()
}

/// The isolation in force.
pub(crate) fn isolation() -> Option<Arc<Isolation>> {
    // The thread may be ending.
    let given = IN_FORCE.try_with(|in_force| in_force.get().scope == Mode::Given).unwrap_or(false);
    if given { given_here()?.isolation.clone() } else { None }
}

fn put_given(given: GivenHere) {
    // On a thread that is ending nothing is given any more. What was is dropped where nothing is borrowed.
    let _ = GIVEN.try_with(|here| here.replace(given));
}

/// Answers the first cached call inside in this mode, as far as the scope in force allows: where nothing is stored,
/// a refresh stores nothing, and where no body runs, none is run for it.
pub(crate) fn once<T>(mode: Mode, call: impl FnOnce() -> T) -> T {
    let Scope { mode: scope, given, .. } = Scope::current();
    let mode = match (mode, scope) {
        (Mode::Refresh, Mode::Bypass | Mode::ReadOnly) => Mode::Bypass,
        (Mode::Refresh, Mode::OnlyIfCached) => Mode::OnlyIfCached,
        (mode, _) => mode,
    };
    let _restored = Restored::now();
    match given {
        None => IN_FORCE.set(InForce { next: mode, ..IN_FORCE.get() }),
        Some(given) => {
            let next = Some(Arc::new(Given { mode, ..Given::clone(&given) }));
            put_given(GivenHere { next, scope: Some(given) });
        }
    }
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
    scoped.within(Scope::of(Mode::Bypass))
}

/// Runs the bodies of all cached calls inside, and stores what they return. Takes what [`bypass`] takes.
pub fn refresh<M, S: Scoped<M>>(scoped: S) -> S::Output {
    scoped.within(Scope::of(Mode::Refresh))
}

/// Answers cached calls inside from their caches or by their bodies, and stores nothing. Takes what [`bypass`] takes.
pub fn read_only<M, S: Scoped<M>>(scoped: S) -> S::Output {
    scoped.within(Scope::of(Mode::ReadOnly))
}

/// Answers cached calls inside from their caches, and runs no body. Takes what [`bypass`] takes.
///
/// A call that finds nothing returns an error of kind [`NotCached`](crate::error::Kind::NotCached), for which its
/// function must return `Result<_, E>` with `E: From<cacher::Error>`.
///
/// # Panics
/// A call that finds nothing panics if its function cannot return that error.
pub fn only_if_cached<M, S: Scoped<M>>(scoped: S) -> S::Output {
    scoped.within(Scope::of(Mode::OnlyIfCached))
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
    scoped.within(Scope::of(Mode::NoOlder(MostAge::new(age))))
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
#[derive(Clone, Debug, PartialEq)]
pub struct Scope {
    mode: Mode,
    /// What else is given; with `None` what is given where the scope is entered.
    given: Option<Arc<Given>>,
    /// What is added to that, in the mode that is in force there.
    options: Option<Arc<CallOptions>>,
}

impl Scope {
    fn of(mode: Mode) -> Self {
        Self { mode, given: None, options: None }
    }

    fn with(options: CallOptions) -> Self {
        Self { options: Some(Arc::new(options)), ..Self::of(Mode::Normal) }
    }

    /// The scope in force here.
    #[must_use]
    pub fn current() -> Self {
        match given_here() {
            Some(given) => Self { mode: given.mode, given: Some(given), options: None },
            None => Self::of(IN_FORCE.get().scope),
        }
    }

    /// The scope in force here, with other caches.
    pub(crate) fn isolated(isolation: Arc<Isolation>) -> Self {
        let Self { mode, given, .. } = Self::current();
        let given = given.map_or_else(|| Given { mode, ..Given::default() }, |given| Given::clone(&given));
        Self { mode, given: Some(Arc::new(Given { isolation: Some(isolation), ..given })), options: None }
    }

    /// Where what goes on behind a caller runs: in its isolation, and else in no scope.
    pub(crate) fn behind() -> Self {
        let given = |isolation| Arc::new(Given { isolation: Some(isolation), ..Given::default() });
        Self { given: isolation().map(given), ..Self::of(Mode::Normal) }
    }

    /// Runs `closure` in this scope.
    pub fn enter<T>(&self, closure: impl FnOnce() -> T) -> T {
        let _restored = Restored::now();
        let given = self.given.clone().or_else(|| self.given_within(given_here()));
        let mode = if given.is_some() { Mode::Given } else { self.mode };
        put_given(GivenHere { next: None, scope: given });
        IN_FORCE.set(InForce { next: mode, scope: mode });
        closure()
    }

    /// What is given inside, where this is given outside.
    fn given_within(&self, outer: Option<Arc<Given>>) -> Option<Arc<Given>> {
        let Some(options) = &self.options else {
            return Some(Arc::new(Given { mode: self.mode, ..Given::clone(&*outer?) }));
        };
        let outside = || Given { mode: IN_FORCE.get().scope, ..Given::default() };
        let mut given = outer.map_or_else(outside, |outer| Given::clone(&outer));
        options.add_to(&mut given);
        Some(Arc::new(given))
    }

    /// The future, polled in this scope.
    pub fn wrap<F: Future>(self, future: F) -> InScope<F> {
        InScope { scope: self, future: Box::pin(future) }
    }
}

/// Puts back what was in force, also when the closure panics.
struct Restored(InForce, GivenHere);

impl Restored {
    fn now() -> Self {
        Self(IN_FORCE.get(), GIVEN.try_with(|given| given.borrow().clone()).unwrap_or_default())
    }
}

impl Drop for Restored {
    fn drop(&mut self) {
        IN_FORCE.set(self.0);
        put_given(std::mem::take(&mut self.1));
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
        let Self { scope, future } = &mut *self;
        scope.enter(|| future.as_mut().poll(cx))
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
