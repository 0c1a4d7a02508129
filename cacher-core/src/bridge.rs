//! Between sync and async: waiting for a future on a plain thread, and running what blocks off an executor.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::pin,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::Duration,
};

use crate::{
    chain,
    sync::{Arc, Condvar, Event, Mutex, OnceLock, PoisonError, lock},
};

/// Which of the two shells drives an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// A plain function called: what blocks may block here.
    Sync,
    /// A future is polled: what blocks goes to a worker thread.
    Async,
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

/// Runs `job` on a worker thread. Its panic becomes the caller's.
async fn offload<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> T {
    let answer = Arc::new(Answer { output: Mutex::new(None), there: Event::new() });
    let on_worker = Arc::clone(&answer);
    let loads = chain::current();
    spawn(move || {
        let _within: Vec<_> = loads.into_iter().map(chain::enter).collect();
        let output = catch_unwind(AssertUnwindSafe(job));
        *lock(&on_worker.output) = Some(output);
        on_worker.there.notify(usize::MAX);
    });
    loop {
        let listener = answer.there.listen();
        if let Some(output) = answer.take() {
            return output;
        }
        listener.await;
    }
}

/// What a job on a worker thread gave.
struct Answer<T> {
    output: Mutex<Option<thread::Result<T>>>,
    there: Event,
}

impl<T> Answer<T> {
    fn take(&self) -> Option<T> {
        match lock(&self.output).take()? {
            Ok(output) => Some(output),
            Err(panic) => resume_unwind(panic),
        }
    }
}

/// Runs `job` on a worker thread, or in place if none can be started.
pub(crate) fn spawn(job: impl FnOnce() + Send + 'static) {
    static POOL: OnceLock<Pool> = OnceLock::new();
    POOL.get_or_init(Pool::default).spawn(Box::new(job));
}

type Job = Box<dyn FnOnce() + Send>;

/// Threads that come with the work and go when there is none.
#[derive(Default)]
struct Pool {
    work: Mutex<Work>,
    more: Condvar,
}

#[derive(Default)]
struct Work {
    jobs: VecDeque<Job>,
    threads: usize,
    idle: usize,
}

const MOST_THREADS: usize = 16;
const IDLE: Duration = Duration::from_secs(10);

impl Pool {
    fn spawn(&'static self, job: Job) {
        let mut work = lock(&self.work);
        work.jobs.push_back(job);
        if work.idle >= work.jobs.len() {
            self.more.notify_one();
            return;
        }
        if work.threads == MOST_THREADS {
            return;
        }
        work.threads += 1;
        drop(work);
        if thread::Builder::new().name("cacher-worker".into()).spawn(|| self.serve()).is_err() {
            self.serve_without_thread();
        }
    }

    fn serve(&self) {
        while let Some(job) = self.next() {
            // The job reports its own panic; the thread goes on.
            let _ = catch_unwind(AssertUnwindSafe(job));
        }
    }

    /// No thread could be started: if no other takes the work, the caller must.
    fn serve_without_thread(&self) {
        let mut work = lock(&self.work);
        work.threads -= 1;
        let job = if work.threads == 0 { work.jobs.pop_front() } else { None };
        drop(work);
        if let Some(job) = job {
            job();
        }
    }

    fn next(&self) -> Option<Job> {
        let mut work = lock(&self.work);
        loop {
            if let Some(job) = work.jobs.pop_front() {
                return Some(job);
            }
            work.idle += 1;
            let (held, timeout) = self.more.wait_timeout(work, IDLE).unwrap_or_else(PoisonError::into_inner);
            work = held;
            work.idle -= 1;
            if timeout.timed_out() && work.jobs.is_empty() {
                work.threads -= 1;
                return None;
            }
        }
    }
}
