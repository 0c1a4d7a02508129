//! What the tests of concurrent behaviour share. Waits end in a failure instead of a hang.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use cacher::testing::ManualClock;

/// After this long a wait is taken for a hang.
pub(crate) const HANG: Duration = Duration::from_secs(20);

/// Counts the runs of a body.
macro_rules! runs {
    ($($name:ident),*) => {
        $(static $name: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);)*
    };
}
pub(crate) use runs;

/// Runs `test` on a thread of its own, and fails if it does not end.
#[track_caller]
pub(crate) fn ends<T: Send + 'static>(test: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || drop(sender.send(catch_unwind(AssertUnwindSafe(test)))));
    match receiver.recv_timeout(HANG) {
        Ok(Ok(output)) => output,
        Ok(Err(panic)) => resume_unwind(panic),
        Err(RecvTimeoutError::Timeout) => panic!("hangs"),
        Err(RecvTimeoutError::Disconnected) => unreachable!("it sends or runs"),
    }
}

/// Waits until `reached` holds.
#[track_caller]
pub(crate) fn until(reached: impl Fn() -> bool) {
    let start = Instant::now();
    while !reached() {
        assert!(start.elapsed() < HANG, "never reached");
        thread::yield_now();
    }
}

/// The same, between polls of other tasks.
pub(crate) async fn until_async(reached: impl Fn() -> bool) {
    let start = Instant::now();
    while !reached() {
        assert!(start.elapsed() < HANG, "never reached");
        tokio::task::yield_now().await;
    }
}

/// Moves the clock on until `reached` holds.
#[track_caller]
pub(crate) fn advance_until(clock: &ManualClock, reached: impl Fn() -> bool) {
    until(|| {
        clock.advance(Duration::from_secs(1));
        reached()
    });
}

/// A door that stays open once it is opened.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    pub(crate) const fn new() -> Self {
        Self { open: Mutex::new(false), opened: Condvar::new() }
    }

    pub(crate) fn open(&self) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.opened.notify_all();
    }

    #[track_caller]
    pub(crate) fn pass(&self) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let (open, _) = self.opened.wait_timeout_while(open, HANG, |open| !*open).unwrap();
        assert!(*open, "nobody opens the gate");
    }
}

/// Blocks this thread until the future is done, as any executor may inside another.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let mut future = std::pin::pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park_timeout(HANG);
    }
}

/// Polls a future once.
pub(crate) fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::pin::Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// What a panic said.
pub(crate) fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// What `code` panics with.
#[track_caller]
pub(crate) fn panics<T>(code: impl FnOnce() -> T) -> String {
    match catch_unwind(AssertUnwindSafe(code)) {
        Ok(_) => panic!("does not panic"),
        Err(panic) => message(&*panic),
    }
}
