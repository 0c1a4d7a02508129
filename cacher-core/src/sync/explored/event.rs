//! Waiting for an event, as the crate `event-listener` has it.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use shuttle::sync::Mutex;

use super::super::lock;

/// What those who listen are told by.
#[derive(Debug, Default)]
pub(crate) struct Event(Arc<Mutex<Listeners>>);

#[derive(Debug, Default)]
struct Listeners {
    /// In the order in which they began to listen.
    all: Vec<Listener>,
    next: u64,
}

#[derive(Debug)]
struct Listener {
    id: u64,
    told: bool,
    waker: Option<Waker>,
}

impl Listeners {
    /// Tells the first ones until so many have been told that have not looked yet.
    fn tell(&mut self, count: usize) -> Vec<Waker> {
        let told = self.all.iter().filter(|listener| listener.told).count();
        let more = self.all.iter_mut().filter(|listener| !listener.told).take(count.saturating_sub(told));
        more.filter_map(|listener| {
            listener.told = true;
            listener.waker.take()
        })
        .collect()
    }

    fn leave(&mut self, id: u64) -> Option<Listener> {
        let at = self.all.iter().position(|listener| listener.id == id)?;
        Some(self.all.remove(at))
    }
}

impl Event {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn listen(&self) -> EventListener {
        let mut listeners = lock(&self.0);
        let id = listeners.next;
        listeners.next += 1;
        listeners.all.push(Listener { id, told: false, waker: None });
        drop(listeners);
        EventListener { event: Arc::clone(&self.0), id }
    }

    pub(crate) fn notify(&self, count: usize) {
        let wakers = lock(&self.0).tell(count);
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// A wait for the next time that somebody tells.
#[derive(Debug)]
pub(crate) struct EventListener {
    event: Arc<Mutex<Listeners>>,
    id: u64,
}

impl Future for EventListener {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut listeners = lock(&self.event);
        let Some(at) = listeners.all.iter().position(|listener| listener.id == self.id) else {
            return Poll::Ready(());
        };
        if listeners.all[at].told {
            listeners.all.remove(at);
            return Poll::Ready(());
        }
        let earlier = listeners.all[at].waker.replace(cx.waker().clone());
        drop(listeners);
        drop(earlier);
        Poll::Pending
    }
}

impl Drop for EventListener {
    /// What it was told and has not looked at goes to another.
    fn drop(&mut self) {
        let mut listeners = lock(&self.event);
        let left = listeners.leave(self.id);
        let wakers = if left.is_some_and(|listener| listener.told) { listeners.tell(1) } else { Vec::new() };
        drop(listeners);
        wakers.into_iter().for_each(Waker::wake);
    }
}
