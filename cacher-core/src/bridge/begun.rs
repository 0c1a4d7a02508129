//! Work that begins where its maker is, and goes on on the thread for network stores, whenever it is woken: what it
//! sends first is on its way without a change of threads, and what is answered is seen to whether or not its maker
//! looks after it.

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, Wake, Waker},
    thread,
};

use super::{
    due::GoOn,
    io::{self, Thread},
};
use crate::sync::{Arc, Mutex, lock};

pub(super) struct Begun<W: Future> {
    thread: Thread,
    state: Mutex<State<W>>,
}

struct State<W: Future> {
    stage: Stage<W>,
    /// Who waits for the end.
    maker: Option<Waker>,
}

enum Stage<W: Future> {
    Polled { woken: bool },
    Asleep(Pin<Box<W>>),
    Due(Pin<Box<W>>),
    Ended(Option<Outcome<W>>),
}

/// The output, or the panic of a poll.
type Outcome<W> = thread::Result<<W as Future>::Output>;

impl<W: Future<Output: Send> + Send + 'static> Begun<W> {
    pub(super) fn new(thread: Thread, work: Pin<Box<W>>) -> Arc<Self> {
        let state = State { stage: Stage::Polled { woken: false }, maker: None };
        let begun = Arc::new(Self { thread, state: Mutex::new(state) });
        if io::may_stand_in() {
            let _runtime = begun.thread.handle.enter();
            io::as_here(|| begun.poll(work));
        } else {
            begun.go_on_later(work);
        }
        begun
    }

    /// What has come of it.
    pub(super) fn outcome(&self, cx: &Context<'_>) -> Poll<Outcome<W>> {
        // Foreign code, as is the drop of an earlier one: where no lock is held.
        let maker = cx.waker().clone();
        let mut state = lock(&self.state);
        if let Stage::Ended(outcome) = &mut state.stage {
            return outcome.take().map_or(Poll::Pending, Poll::Ready);
        }
        let earlier = state.maker.replace(maker);
        drop(state);
        drop(earlier);
        Poll::Pending
    }

    fn poll(self: &Arc<Self>, mut work: Pin<Box<W>>) {
        let waker = Waker::from(Arc::clone(self));
        let poll = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(&mut Context::from_waker(&waker))));
        match poll {
            Ok(Poll::Pending) => self.pause(work),
            Ok(Poll::Ready(output)) => self.end(Ok(output)),
            Err(panic) => self.end(Err(panic)),
        }
    }

    fn pause(self: &Arc<Self>, work: Pin<Box<W>>) {
        let mut state = lock(&self.state);
        if matches!(state.stage, Stage::Polled { woken: false }) {
            state.stage = Stage::Asleep(work);
            return;
        }
        drop(state);
        self.go_on_later(work);
    }

    fn go_on_later(self: &Arc<Self>, work: Pin<Box<W>>) {
        lock(&self.state).stage = Stage::Due(work);
        self.thread.due.push(Arc::clone(self) as _);
    }

    fn end(&self, outcome: Outcome<W>) {
        let mut state = lock(&self.state);
        state.stage = Stage::Ended(Some(outcome));
        let maker = state.maker.take();
        drop(state);
        if let Some(maker) = maker {
            maker.wake();
        }
    }
}

impl<W: Future<Output: Send> + Send + 'static> GoOn for Begun<W> {
    fn go_on(self: Arc<Self>) {
        let mut state = lock(&self.state);
        match mem::replace(&mut state.stage, Stage::Polled { woken: false }) {
            Stage::Due(work) => {
                drop(state);
                self.poll(work);
            }
            other => state.stage = other,
        }
    }
}

impl<W: Future<Output: Send> + Send + 'static> Wake for Begun<W> {
    fn wake(self: Arc<Self>) {
        let mut state = lock(&self.state);
        match mem::replace(&mut state.stage, Stage::Polled { woken: true }) {
            Stage::Asleep(work) => {
                drop(state);
                self.go_on_later(work);
            }
            Stage::Polled { .. } => {}
            other => state.stage = other,
        }
    }
}
