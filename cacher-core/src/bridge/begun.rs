//! Work that begins where its maker is, and goes on as a task of the thread for network stores: what it sends first is
//! on its way without a change of threads, and what is answered is seen to whether or not its maker looks after it.

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll, Wake, Waker},
};

use tokio::runtime::Handle;

use super::io;
use crate::sync::{Arc, Mutex, lock};

/// Polls `work` once, and leaves the rest to the runtime: from when it is woken for the first time.
pub(super) fn begin(handle: Handle, work: impl Future<Output = ()> + Send + 'static) {
    let begun = Arc::new(Begun { handle, state: Mutex::new(State::Polled { woken: false }) });
    let mut work = Box::pin(work);
    if begun.poll(work.as_mut()).is_pending() {
        begun.leave(work);
    }
}

struct Begun<W> {
    handle: Handle,
    state: Mutex<State<W>>,
}

enum State<W> {
    Polled {
        woken: bool,
    },
    /// Until it is woken.
    Waiting(Pin<Box<W>>),
    /// A task.
    Left,
}

impl<W: Future<Output = ()> + Send + 'static> Begun<W> {
    fn poll(self: &Arc<Self>, work: Pin<&mut W>) -> Poll<()> {
        let waker = Waker::from(Arc::clone(self));
        let _runtime = self.handle.enter();
        io::as_here(|| work.poll(&mut Context::from_waker(&waker)))
    }

    fn leave(&self, work: Pin<Box<W>>) {
        let mut state = lock(&self.state);
        if matches!(*state, State::Polled { woken: false }) {
            *state = State::Waiting(work);
        } else {
            *state = State::Left;
            drop(state);
            self.handle.spawn(work);
        }
    }
}

impl<W: Future<Output = ()> + Send + 'static> Wake for Begun<W> {
    fn wake(self: Arc<Self>) {
        let mut state = lock(&self.state);
        match mem::replace(&mut *state, State::Left) {
            State::Waiting(work) => {
                drop(state);
                self.handle.spawn(work);
            }
            State::Polled { .. } => *state = State::Polled { woken: true },
            State::Left => {}
        }
    }
}
