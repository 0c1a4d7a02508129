use crate::{
    scope::{self, InScope, Purpose, Scope, Scoped},
    sync::Arc,
};

/// Gives cached functions inside caches of their own, which begin empty and go when the scope ends: tests that run at
/// the same time do not see each other's entries, and no store is reached.
///
/// Takes a closure, or a future, as [`bypass`](scope::bypass) does; scopes inside count, and so does the one that this is
/// called in.
/// Each store is replaced by one in memory ([`Bytes`](crate::backend::bytes::Bytes)), with its format and its `ttl`;
/// memory stays memory. Entries and handles (`f::entry(..)`, `f::cache()`) that are asked for inside are those of the
/// isolated caches, also later. So are tags: what is invalidated inside is of no concern outside, nor the other way
/// round. A cache takes the clock that is in force when it is first used inside.
///
/// ```
/// # use cacher_core::testkit::isolated;
/// # fn price(id: u64) -> u64 { id }
/// let first = isolated(|| price(1)); // runs the body, whatever other tests have cached
/// let again = isolated(|| price(1)); // runs it again
/// ```
///
/// Threads and tasks that are started inside are outside, unless they [carry the scope](Scope::current); what the library
/// begins behind a caller (`prefetch`, values loaded anew) is inside. What a thread that carried it has of functions with
/// `thread_local` goes at last with the thread.
///
/// Settings count as outside. What `single_flight = distributed` and `shared_rate` share with other processes is within
/// the isolation instead. A backend that is an expression rather than a URL is evaluated, as its format must be known;
/// nothing is read or written there. A cache without a function ([`Cache`](crate::direct::Cache)) is the same inside as
/// outside.
pub fn isolated<M, S: Scoped<M>>(scoped: S) -> S::Output {
    scoped.within(Isolation::new().scope())
}

/// The caches of an [`isolated`] scope, to come back to. They go with the last clone, and the last scope in them.
///
/// ```
/// use cacher_core::testkit::Isolation;
/// # fn price(id: u64) -> u64 { id }
///
/// let isolation = Isolation::new();
/// isolation.enter(|| price(1));
/// isolation.enter(|| price(1)); // a hit
/// ```
#[derive(Clone, Debug)]
pub struct Isolation(Arc<scope::Isolation>);

impl Isolation {
    /// Caches with nothing in them.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "each is one of its own")]
    pub fn new() -> Self {
        Self(scope::Isolation::new(Purpose::Alone))
    }

    fn scope(&self) -> Scope {
        Scope::isolated(Arc::clone(&self.0))
    }

    /// Runs `closure` with these caches.
    pub fn enter<T>(&self, closure: impl FnOnce() -> T) -> T {
        self.scope().enter(closure)
    }

    /// The future, polled with these caches.
    pub fn wrap<F: Future>(&self, future: F) -> InScope<F> {
        self.scope().wrap(future)
    }
}
