//! Between sync and async: waiting for a future on a plain thread, and running what blocks off an executor.

use std::{
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::{Pin, pin},
    task::{Context, Poll, Wake, Waker},
};

use crate::{
    chain,
    sync::{
        Arc, Event, Mutex, lock,
        thread::{self, Thread},
    },
};

#[cfg(feature = "async_backend")]
mod begun;
#[cfg(feature = "async_backend")]
mod due;
#[cfg(feature = "async_backend")]
pub(crate) mod io;
#[cfg(not(feature = "async_backend"))]
#[path = "io_off.rs"]
pub(crate) mod io;
mod pool;

pub(crate) use pool::{spawn, spawn_body};

/// Drives `work` behind its caller: in the Tokio runtime that the caller is in, if there is one and the library knows
/// Tokio, else on a worker thread.
pub(crate) fn detach(work: impl Future<Output = ()> + Send + 'static) {
    #[cfg(feature = "tokio")]
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(work);
        return;
    }
    spawn_body(|| block_on(work));
}

/// Which of the two shells drives an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// A plain function called: what blocks may block here.
    Sync,
    /// A future is polled: what blocks goes to a worker thread.
    Async,
}

/// Where an operation of a store is best driven for an async caller. For a sync caller it is always in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Where the caller is: nothing blocks, or what waits does not need the caller.
    Here,
    /// On a worker thread: it blocks.
    Worker,
    /// First where the caller is, then on the thread that drives network stores: it waits for them alone.
    Io,
}

/// Polls once, which is enough where nothing waits; then parks the thread between polls.
#[inline]
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        return output;
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        thread::park();
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs `job` in place for a sync caller or where it is said to be quick, else on a worker thread.
///
/// A job on a worker thread runs to its end even if the returned future is dropped.
pub(crate) async fn run<T, J>(shell: Shell, quick: bool, job: J) -> T
where
    T: Send + 'static,
    J: FnOnce() -> T + Send + 'static,
{
    if quick || shell == Shell::Sync { job() } else { offload(job).await }
}

/// Drives `work` in place for a sync caller, else where it is said to be best.
///
/// Work that is driven elsewhere runs to its end even if the returned future is dropped.
pub(crate) async fn drive<T: Send + 'static>(
    shell: Shell,
    place: Place,
    work: impl Future<Output = T> + Send + 'static,
) -> T {
    match (shell, place) {
        (Shell::Sync, _) | (Shell::Async, Place::Here) => work.await,
        (Shell::Async, Place::Worker) => offload(|| block_on(work)).await,
        (Shell::Async, Place::Io) => io::run(work).await,
    }
}

/// What `future` gives, or the panic of one of its polls. It is pinned, so that it is not kept twice.
pub(crate) async fn caught<F: Future + Unpin>(mut future: F) -> thread::Result<F::Output> {
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| Pin::new(&mut future).poll(cx))) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

/// Runs `job` on a worker thread. Its panic becomes the caller's.
async fn offload<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> T {
    let loads = chain::current();
    let there = |_panicked| ();
    let answer = Answer::new();
    let reply = Arc::clone(&answer);
    let job = move || {
        let _within: Vec<_> = loads.into_iter().map(chain::enter).collect();
        job()
    };
    spawn(move || reply.give(catch_unwind(AssertUnwindSafe(job)), there));
    answer.taken().await
}

/// Begins `body` on a worker thread, where it runs to its end. Its panic becomes that of who waits for it; `lost` hears
/// of one that nobody waits for.
pub(crate) fn aside<T: Send + 'static>(
    body: impl FnOnce() -> T + Send + 'static,
    lost: impl FnOnce(Panicked) + Send + 'static,
) -> impl Future<Output = T> {
    let answer = Answer::new();
    let reply = Arc::clone(&answer);
    spawn_body(move || reply.give(catch_unwind(AssertUnwindSafe(body)), lost));
    async move { answer.taken().await }
}

/// Begins to drive `work` as [`detach`] does. Its panic becomes that of who waits for it; `lost` hears of one that
/// nobody waits for.
pub(crate) fn aside_async<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
    lost: impl FnOnce(Panicked) + Send + 'static,
) -> impl Future<Output = T> {
    let answer = Answer::new();
    let reply = Arc::clone(&answer);
    detach(async move { reply.give(caught(pin!(work)).await, lost) });
    async move { answer.taken().await }
}

/// Work has panicked.
pub(crate) struct Panicked;

/// What work elsewhere gave.
struct Answer<T> {
    output: Mutex<Option<thread::Result<T>>>,
    there: Event,
}

impl<T> Answer<T> {
    fn new() -> Arc<Self> {
        Arc::new(Self { output: Mutex::new(None), there: Event::new() })
    }

    fn give(self: Arc<Self>, output: thread::Result<T>, lost: impl FnOnce(Panicked)) {
        // The other one who holds it waits.
        if output.is_err() && Arc::strong_count(&self) == 1 {
            lost(Panicked);
        }
        *lock(&self.output) = Some(output);
        self.there.notify(usize::MAX);
    }

    async fn taken(&self) -> T {
        loop {
            let listener = self.there.listen();
            let output = lock(&self.output).take();
            match output {
                Some(Ok(output)) => return output,
                Some(Err(panic)) => resume_unwind(panic),
                None => listener.await,
            }
        }
    }
}
