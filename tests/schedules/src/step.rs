//! What a thread does at the key.

use std::{
    future::poll_fn,
    pin::pin,
    task::{Context, Poll, Waker},
};

use cacher_core::{companion, direct::Cache, scope, testkit::ManualClock};
use shuttle::{future::block_on, rand::Rng};

use crate::{
    dawdle,
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
    /// How many loads may be begun because of it beside one that has begun before.
    pub(crate) fn overtakes(self) -> usize {
        match self {
            Self::Load | Self::LoadAsync | Self::LoadFailing | Self::Get | Self::Age | Self::Expire => 0,
            // The next one may begin while the body is being dropped.
            Self::LoadDropped(_) => 1,
            // The epoch of the key moves on three times.
            _ => 3,
        }
    }
}

/// What steps are taken with.
pub(crate) struct Stage {
    pub(crate) ledger: Ledger,
    pub(crate) clock: std::sync::Arc<ManualClock>,
}

const KEY: u8 = 1;
/// How many steps a body takes at most.
const LONGEST_BODY: usize = 30;

impl Stage {
    pub(crate) fn new(clock: std::sync::Arc<ManualClock>) -> Self {
        Self { ledger: Ledger::default(), clock }
    }

    fn body(&self) -> Time {
        let (value, _inside) = self.ledger.enter();
        dawdle(LONGEST_BODY);
        value
    }

    async fn async_body(&self) -> Time {
        let (value, _inside) = self.ledger.enter();
        for _ in 0..shuttle::rand::thread_rng().gen_range(1..=3) {
            give_way().await;
            dawdle(LONGEST_BODY / 3);
        }
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
                let began = ledger.begin(step);
                self.call(step, || Some(scope::refresh(|| cache.get_or_load(&KEY, || self.body()))));
                ledger.outdate(began);
            }
            Step::Get => self.call(step, || cache.get(&KEY)),
            Step::Delete => self.outdating(step, || Some(cache.delete(&KEY))),
            Step::DeleteAsync => self.outdating(step, || Some(block_on(nonblocking.delete(&KEY)))),
            Step::DeleteDropped(polls) => self.outdating(step, || polled(polls, nonblocking.delete(&KEY))),
            Step::Clear => self.outdating(step, || Some(cache.clear())),
            Step::ClearAsync => self.outdating(step, || Some(block_on(nonblocking.clear()))),
            Step::Tag => self.outdating(step, || Some(companion::invalidate_tag(TAG))),
            Step::TagAsync => self.outdating(step, || Some(block_on(companion::invalidate_tag_async(TAG)))),
            Step::Set => self.inserting(step, |value| Some(cache.set(&KEY, value))),
            Step::SetAsync => self.inserting(step, |value| Some(block_on(nonblocking.set(&KEY, value)))),
            Step::SetDropped(polls) => self.inserting(step, |value| polled(polls, nonblocking.set(&KEY, value))),
            Step::Update => self.call(step, || cache.update(&KEY, |_| Some(ledger.now()))),
            Step::Prolong => {
                cache.expire_in(&KEY, TTL * 100);
            }
            Step::Age => self.clock.advance(TTL),
            Step::Expire => {
                let began = ledger.begin(step);
                self.clock.advance(TTL * 2);
                ledger.expire(began);
            }
            Step::Linger => self.clock.advance(TTL * 6),
        }
    }

    /// A call that gets a value, or none.
    fn call(&self, step: Step, call: impl FnOnce() -> Option<Time>) {
        self.ledger.begin(step);
        let promise = self.ledger.promise();
        let value = call();
        self.ledger.end(step, value);
        let Some(value) = value else { return };
        self.ledger.check(&promise, value, step);
        self.ledger.settle(value);
    }

    /// An invalidation, which says something if it comes to its end.
    fn outdating<T>(&self, step: Step, invalidate: impl FnOnce() -> Option<T>) {
        let began = self.ledger.begin(step);
        if invalidate().is_some() {
            self.ledger.outdate(began);
        }
        self.ledger.end(step, None);
    }

    fn inserting<T>(&self, step: Step, insert: impl FnOnce(Time) -> Option<T>) {
        let value = self.ledger.insert(step);
        let ended = insert(value).is_some();
        self.ledger.inserted(value);
        self.ledger.end(step, Some(value));
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
