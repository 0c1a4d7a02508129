//! The thread that drives what waits for a network. It starts with the first such wait, and never ends, so that
//! connections outlive the executors of those who use them. Nothing of the user's runs on it.

use std::{cell::Cell, future::pending, panic::resume_unwind, process, thread};

use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
};

use super::{begun::begin, caught};
use crate::{
    error::{Error, Kind, Result},
    sync::{Mutex, lock, thread_local},
};

/// The thread of a process: a child made by `fork` has none.
struct Running {
    process: u32,
    handle: Handle,
}

static RUNNING: Mutex<Option<Running>> = Mutex::new(None);

thread_local! {
    static HERE: Cell<bool> = const { Cell::new(false) };
}

/// Whether this is that thread, or one that stands in for it.
pub(crate) fn here() -> bool {
    HERE.try_with(Cell::get).unwrap_or(false)
}

/// Lets this thread stand in for that thread while `part` runs.
pub(super) fn as_here<T>(part: impl FnOnce() -> T) -> T {
    struct Back;
    impl Drop for Back {
        fn drop(&mut self) {
            HERE.set(false);
        }
    }
    HERE.set(true);
    let _back = Back;
    part()
}

/// What `work` gives, as [`run_on`] the thread, or in place if it can't be started: what it waits for says why.
pub(crate) async fn run<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    match handle() {
        Ok(handle) => run_on(handle, work).await,
        Err(_) => work.await,
    }
}

/// What `work` gives. It begins where the caller is, and goes on there. It is driven to its end even if the returned
/// future is dropped; its panic becomes the caller's.
pub(crate) fn run_on<T: Send + 'static>(
    handle: Handle,
    work: impl Future<Output = T> + Send + 'static,
) -> impl Future<Output = T> {
    // Once, as the layers around it would each keep a copy.
    let work = Box::pin(work);
    async {
        if here() {
            return work.await;
        }
        let (send, receive) = oneshot::channel();
        begin(handle, async {
            let _ = send.send(caught(work).await);
        });
        match receive.await {
            Ok(Ok(output)) => output,
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => unreachable!("the runtime of the thread is never dropped"),
        }
    }
}

/// Where work is handed in; starts the thread if need be.
///
/// # Errors
/// When it can't be started.
pub(crate) fn handle() -> Result<Handle> {
    let process = process::id();
    let mut running = lock(&RUNNING);
    if let Some(running) = running.as_ref().filter(|running| running.process == process) {
        return Ok(running.handle.clone());
    }
    let handle =
        start().map_err(|error| Error::new(Kind::Unavailable, "no thread for network stores").caused_by(error))?;
    // The runtime of a parent process is left as it is: its thread is not here to be ended.
    *running = Some(Running { process, handle: handle.clone() });
    Ok(handle)
}

fn start() -> std::io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    thread::Builder::new().name("cacher-io".into()).spawn(move || {
        HERE.set(true);
        runtime.block_on(pending::<()>());
    })?;
    Ok(handle)
}
