//! Work that waits for a time, and waits that end at one.

use std::{future::poll_fn, pin::Pin, task::Poll, time::Duration};

use crate::{
    bridge,
    clock::{Alarm, Clock},
    time::Tick,
};

/// Runs `job` at a time: on a worker thread, or with a manual clock in the call that moves it.
pub(crate) fn on_worker_at(clock: &Clock, when: Tick, job: impl FnOnce() + Send + 'static) {
    match clock {
        Clock::System => clock.at(when, Alarm::Call(Box::new(|| bridge::spawn(job)))),
        Clock::Manual(_) => clock.at(when, Alarm::Call(Box::new(job))),
    };
}

/// What `future` gives within `time`. It is pinned, so that it is not kept twice.
pub(crate) async fn within<F: Future + Unpin>(clock: &Clock, time: Duration, mut future: F) -> Option<F::Output> {
    let mut timer = None;
    poll_fn(|cx| {
        if let Poll::Ready(output) = Pin::new(&mut future).poll(cx) {
            return Poll::Ready(Some(output));
        }
        let timer = timer.get_or_insert_with(|| clock.sleep_until(clock.tick().after(time)));
        Pin::new(timer).poll(cx).map(|()| None)
    })
    .await
}
