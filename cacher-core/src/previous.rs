//! The value that was there before, for bodies that may find that it is still good.

use std::{
    any::{Any, type_name},
    cell::RefCell,
    fmt,
    future::poll_fn,
    pin::Pin,
    time::Duration,
};

use crate::sync::{Arc, AtomicBool, Ordering, thread_local};

/// A value whose type is known where it is asked for.
#[derive(Clone)]
pub(crate) struct Shown {
    value: Arc<dyn Any + Send + Sync>,
    of: &'static str,
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shown").field(&self.of).finish()
    }
}

pub(crate) fn shown<V: Send + Sync + 'static>(value: V) -> Shown {
    Shown { value: Arc::new(value), of: type_name::<V>() }
}

/// What a body is shown, and what it has said to it.
#[derive(Debug)]
pub(crate) struct Showing {
    shown: Shown,
    age: Duration,
    not_modified: AtomicBool,
}

impl Showing {
    pub(crate) fn new(shown: Shown, age: Duration) -> Arc<Self> {
        Arc::new(Self { shown, age, not_modified: AtomicBool::new(false) })
    }

    /// Whether the body has said that the value is still good.
    pub(crate) fn is_confirmed(&self) -> bool {
        self.not_modified.load(Ordering::SeqCst)
    }
}

thread_local! {
    static HERE: RefCell<Option<Arc<Showing>>> = const { RefCell::new(None) };
}

/// Puts back what was shown before.
struct Restored(Option<Arc<Showing>>);

impl Drop for Restored {
    fn drop(&mut self) {
        put(self.0.take());
    }
}

fn put(showing: Option<Arc<Showing>>) -> Option<Arc<Showing>> {
    HERE.try_with(|here| here.replace(showing)).ok().flatten()
}

fn is_shown() -> bool {
    HERE.try_with(|here| here.borrow().is_some()).unwrap_or(false)
}

/// Runs a body that is shown this; one that is shown nothing does not see what the one around it is shown.
pub(crate) fn within<R>(showing: Option<&Arc<Showing>>, body: impl FnOnce() -> R) -> R {
    if showing.is_none() && !is_shown() {
        return body();
    }
    let _restored = Restored(put(showing.map(Arc::clone)));
    body()
}

/// The same for an async body.
pub(crate) async fn drive<F: Future>(showing: Option<&Arc<Showing>>, mut body: Pin<&mut F>) -> F::Output {
    poll_fn(|cx| within(showing, || body.as_mut().poll(cx))).await
}

/// The value that a call of a cached function had before, which has expired or is to be loaded anew.
///
/// See [`previous`].
#[derive(Debug)]
pub struct Previous<T> {
    value: T,
    showing: Arc<Showing>,
}

impl<T> Previous<T> {
    /// What was returned then.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// How long ago it was made, or last found to be still good.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.showing.age
    }

    /// The value, for the body to return: it is still good, and lives for another TTL. Counted in
    /// [`Stats::renewals`](crate::stats::Stats::renewals).
    #[must_use]
    pub fn not_modified(self) -> T {
        self.showing.not_modified.store(true, Ordering::SeqCst);
        self.value
    }
}

/// What the call had before whose body asks, for a conditional request: a body that hears from its source that nothing
/// has changed returns [`not_modified`](Previous::not_modified), and need not have the value sent again.
///
/// There is something if the function says `revalidate = "7d"`, which is how long values are kept for this when they
/// are of no other use any more, and a value was kept; and where a value is loaded anew before its time, as by
/// `refresh_at`. What the source calls the version of the value, an `ETag` say, is part of the value. There is nothing for
/// a first load, after an invalidation, in the scopes `refresh` and `bypass`, in `no_older_than` of what is older, outside
/// of bodies, and in threads and tasks that the body starts.
///
/// ```
/// # use cacher_core::previous::previous;
/// # #[derive(Clone)] struct Page { etag: String }
/// # fn fetch(etag: Option<&str>) -> Option<Page> { Some(Page { etag: "7".into() }) }
/// # fn page() -> Page {
/// let previous = previous::<Page>();
/// let etag = previous.as_ref().map(|previous| previous.value().etag.as_str());
/// match (fetch(etag), previous) {
///     (Some(page), _) => page,
///     (None, Some(previous)) => previous.not_modified(),
///     (None, None) => unreachable!("nothing was asked for that could be unchanged"),
/// }
/// # }
/// # page();
/// ```
///
/// # Panics
/// If `T` is not the type of the function's values: of a `Result` that of what is `Ok`.
#[must_use]
pub fn previous<T: Clone + 'static>() -> Option<Previous<T>> {
    let showing = HERE.try_with(|here| here.borrow().clone()).ok().flatten()?;
    match showing.shown.value.downcast_ref::<T>() {
        Some(value) => Some(Previous { value: value.clone(), showing: Arc::clone(&showing) }),
        None => panic!(
            "`previous::<{}>()`: the values of this function are `{}`; write `previous::<{}>()`",
            type_name::<T>(),
            showing.shown.of,
            showing.shown.of
        ),
    }
}
