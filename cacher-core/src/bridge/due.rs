//! Work that goes on on the thread for network stores, as one task of its runtime.

use std::{future::poll_fn, mem, task::Poll, task::Waker};

use crate::sync::{Arc, Mutex, lock};

/// Work that can go on where it is called.
pub(super) trait GoOn: Send + Sync {
    fn go_on(self: Arc<Self>);
}

/// What is to go on.
#[derive(Default)]
pub(super) struct Due(Mutex<List>);

#[derive(Default)]
struct List {
    work: Vec<Arc<dyn GoOn>>,
    /// Who is to be woken for it, if it sleeps.
    server: Option<Waker>,
}

impl Due {
    pub(super) fn push(&self, work: Arc<dyn GoOn>) {
        let mut list = lock(&self.0);
        list.work.push(work);
        let server = list.server.take();
        drop(list);
        if let Some(server) = server {
            server.wake();
        }
    }

    /// Lets all go on, for ever.
    pub(super) async fn serve(&self) {
        let mut due = Vec::new();
        poll_fn(|cx| {
            let mut list = lock(&self.0);
            mem::swap(&mut list.work, &mut due);
            list.server = Some(cx.waker().clone());
            drop(list);
            due.drain(..).for_each(GoOn::go_on);
            Poll::<()>::Pending
        })
        .await;
    }
}
