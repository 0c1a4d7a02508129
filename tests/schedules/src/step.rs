//! What a thread does at the key.

use std::{
    future::poll_fn,
    pin::pin,
    task::{Context, Poll, Waker},
};

use cacher_core::{companion, direct::Cache, scope, testkit::ManualClock};
use shuttle::{
    future::block_on,
    sync::atomic::{AtomicBool, Ordering},
};

use crate::{
    ground::{TAG, TTL},
    ledger::{Ledger, Time},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Load,
    LoadAsync,
    /// The future is polled so often, then dropped.
    LoadDropped(usize),
    /// The body fails.
    LoadFailing,
    Get,
    Delete,
    DeleteAsync,
    DeleteDropped(usize),
    Clear,
    ClearAsync,
    Set,
    SetAsync,
    SetDropped(usize),
    /// A load of its own, whatever is there.
    Refresh,
    /// A new value in place of what is there.
    Update,
    /// A longer life for what is there.
    Prolong,
    Tag,
    TagAsync,
    /// The clock moves past all lives.
    Expire,
    /// The clock moves past lives, but not past the time in which old values answer.
    Age,
    /// The clock moves past the patience of an invalidation.
    Linger,
}

impl Step {
    /// Whether another load may begin beside one that has begun before.
    pub(crate) fn overtakes(self) -> bool {
        !matches!(self, Self::Load | Self::LoadAsync | Self::LoadDropped(_) | Self::LoadFailing | Self::Get)
    }
}

/// What steps are taken with.
pub(crate) struct Stage {
    pub(crate) ledger: Ledger,
    pub(crate) clock: std::sync::Arc<ManualClock>,
    point: AtomicBool,
}

const KEY: u8 = 1;

impl Stage {
    pub(crate) fn new(clock: std::sync::Arc<ManualClock>) -> Self {
        Self { ledger: Ledger::default(), clock, point: AtomicBool::new(false) }
    }

    /// Lets others go on.
    fn pause(&self) {
        self.point.load(Ordering::SeqCst);
    }

    fn body(&self) -> Time {
        let _inside = self.ledger.enter();
        let value = self.ledger.now();
        self.pause();
        value
    }

    async fn async_body(&self) -> Time {
        let _inside = self.ledger.enter();
        let value = self.ledger.now();
        give_way().await;
        value
    }

    pub(crate) fn take(&self, step: Step, cache: &Cache<u8, Time>) {
        let (ledger, nonblocking) = (&self.ledger, cache.nonblocking());
        match step {
            Step::Load => self.call(step, || Some(cache.get_or_load(&KEY, || self.body()))),
            Step::LoadAsync => {
                self.call(step, || Some(block_on(nonblocking.get_or_load(&KEY, self.async_body()))));
            }
            Step::LoadDropped(polls) => {
                self.call(step, || polled(polls, nonblocking.get_or_load(&KEY, self.async_body())));
            }
            Step::LoadFailing => self.call(step, || cache.try_get_or_load(&KEY, || Err(self.body())).ok()),
            Step::Refresh => {
                let began = ledger.now();
                self.call(step, || Some(scope::refresh(|| cache.get_or_load(&KEY, || self.body()))));
                ledger.outdate(began);
            }
            Step::Get => self.call(step, || cache.get(&KEY)),
            Step::Delete => self.outdating(|| Some(cache.delete(&KEY))),
            Step::DeleteAsync => self.outdating(|| Some(block_on(nonblocking.delete(&KEY)))),
            Step::DeleteDropped(polls) => self.outdating(|| polled(polls, nonblocking.delete(&KEY))),
            Step::Clear => self.outdating(|| Some(cache.clear())),
            Step::ClearAsync => self.outdating(|| Some(block_on(nonblocking.clear()))),
            Step::Tag => self.outdating(|| Some(companion::invalidate_tag(TAG))),
            Step::TagAsync => self.outdating(|| Some(block_on(companion::invalidate_tag_async(TAG)))),
            Step::Set => self.inserting(|value| Some(cache.set(&KEY, value))),
            Step::SetAsync => self.inserting(|value| Some(block_on(nonblocking.set(&KEY, value)))),
            Step::SetDropped(polls) => self.inserting(|value| polled(polls, nonblocking.set(&KEY, value))),
            Step::Update => self.call(step, || cache.update(&KEY, |_| Some(ledger.now()))),
            Step::Prolong => {
                cache.expire_in(&KEY, TTL * 100);
            }
            Step::Age => self.clock.advance(TTL),
            Step::Expire => {
                let began = ledger.now();
                self.clock.advance(TTL * 2);
                ledger.expire(began);
            }
            Step::Linger => self.clock.advance(TTL * 6),
        }
    }

    /// A call that gets a value, or none.
    fn call(&self, step: Step, call: impl FnOnce() -> Option<Time>) {
        let promise = self.ledger.promise();
        let Some(value) = call() else { return };
        self.ledger.check(&promise, value, &format!("{step:?}"));
        self.ledger.settle(value);
    }

    /// An invalidation, which says something if it comes to its end.
    fn outdating<T>(&self, invalidate: impl FnOnce() -> Option<T>) {
        let began = self.ledger.now();
        if invalidate().is_some() {
            self.ledger.outdate(began);
        }
    }

    fn inserting<T>(&self, insert: impl FnOnce(Time) -> Option<T>) {
        let value = self.ledger.insert();
        let ended = insert(value).is_some();
        self.ledger.inserted(value);
        if ended {
            self.ledger.outdate(value);
        }
    }
}

/// Lets others go on, and is polled again.
async fn give_way() {
    let mut given = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut given, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// What a future gives that is polled so often, then dropped.
fn polled<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    for _ in 0..polls {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return Some(output);
        }
        shuttle::thread::yield_now();
    }
    None
}
