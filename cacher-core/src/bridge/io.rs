//! The thread that drives what waits for a network. It starts with the first such wait, and never ends, so that
//! connections outlive the executors of those who use them. Nothing of the user's runs on it.

use std::{
    cell::Cell,
    future::{pending, poll_fn},
    panic::resume_unwind,
    process, thread,
};

use tokio::runtime::{Builder, Handle};

use super::{begun::Begun, due::Due};
use crate::{
    error::{Error, Kind, Result},
    sync::{Arc, Mutex, lock, thread_local},
};

/// The thread of a process: a child made by `fork` has none.
struct Running {
    process: u32,
    thread: Thread,
}

/// Where work is handed in.
#[derive(Clone)]
pub(crate) struct Thread {
    pub(crate) handle: Handle,
    pub(super) due: Arc<Due>,
}

static RUNNING: Mutex<Option<Running>> = Mutex::new(None);

thread_local! {
    static HERE: Cell<bool> = const { Cell::new(false) };
    /// Gone before what Tokio keeps for this thread, which is not to be used after it.
    static ALIVE: Alive = const { Alive };
}

struct Alive;

impl Drop for Alive {
    fn drop(&mut self) {}
}

/// Whether work may be polled here as there.
pub(super) fn may_stand_in() -> bool {
    // Thread-locals go in the reverse order of their first use.
    let _ = Handle::try_current();
    ALIVE.try_with(|_| ()).is_ok()
}

/// Whether this is that thread, or one that stands in for it.
pub(crate) fn here() -> bool {
    HERE.try_with(Cell::get).unwrap_or(false)
}

/// Lets this thread stand in for that thread while `part` runs, which does not panic.
pub(super) fn as_here(part: impl FnOnce()) {
    HERE.set(true);
    part();
    HERE.set(false);
}

/// What `work` gives, as [`run_on`] the thread, or in place if it can't be started: what it waits for says why.
pub(crate) async fn run<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    match Thread::of_process() {
        Ok(thread) => run_on(thread, work).await,
        Err(_) => work.await,
    }
}

/// What `work` gives. It begins where the caller is, and goes on there. It is driven to its end even if the returned
/// future is dropped; its panic becomes the caller's.
pub(crate) fn run_on<T: Send + 'static>(
    thread: Thread,
    work: impl Future<Output = T> + Send + 'static,
) -> impl Future<Output = T> {
    // Once, as the layers around it would each keep a copy.
    let work = Box::pin(work);
    async {
        if here() {
            return work.await;
        }
        let begun = Begun::new(thread, work);
        match poll_fn(|cx| begun.outcome(cx)).await {
            Ok(output) => output,
            Err(panic) => resume_unwind(panic),
        }
    }
}

impl Thread {
    /// The thread of this process, which is started if need be.
    ///
    /// # Errors
    /// When it can't be.
    pub(crate) fn of_process() -> Result<Self> {
        let process = process::id();
        let mut running = lock(&RUNNING);
        if let Some(running) = running.as_ref().filter(|running| running.process == process) {
            return Ok(running.thread.clone());
        }
        let thread =
            start().map_err(|error| Error::new(Kind::Unavailable, "no thread for network stores").caused_by(error))?;
        // The runtime of a parent process is left as it is: its thread is not here to be ended.
        *running = Some(Running { process, thread: thread.clone() });
        Ok(thread)
    }
}

fn start() -> std::io::Result<Thread> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (handle, due) = (runtime.handle().clone(), Arc::new(Due::default()));
    let thread = Thread { handle, due: Arc::clone(&due) };
    thread::Builder::new().name("cacher-io".into()).spawn(move || {
        HERE.set(true);
        // It serves many, and gives way itself.
        runtime.spawn(tokio::task::unconstrained(async move { due.serve().await }));
        runtime.block_on(pending::<()>());
    })?;
    Ok(thread)
}
