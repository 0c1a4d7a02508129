//! The worker threads of the library.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use crate::sync::{Condvar, Mutex, OnceLock, PoisonError, global, lock, thread};

/// Runs `job` on a worker thread, or in place if none can be started.
pub(crate) fn spawn(job: impl FnOnce() + Send + 'static) {
    global! {
        static POOL: OnceLock<Pool> = OnceLock::new();
    }
    POOL.get_or_init(Pool::default).spawn(Box::new(job));
}

/// The same for what is the user's, which may hang: it has threads of its own, so that the library's work goes on.
pub(crate) fn spawn_body(job: impl FnOnce() + Send + 'static) {
    global! {
        static POOL: OnceLock<Pool> = OnceLock::new();
    }
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
            // Schedules are explored until every thread has ended: none waits there for work.
            if cfg!(cacher_shuttle) {
                work.threads -= 1;
                return None;
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
