//! Several loads at a time.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
    thread,
};

use crate::{
    bridge::block_on,
    chain,
    scope::Scope,
    sync::{Mutex, lock},
};

/// What `run` gives for each of the inputs, in the order in which they end; so many at most run at a time, on the task
/// of the caller. After an end that `stops` no more are begun, and those that go on are dropped.
pub(super) async fn on_this_task<I, F: Future>(
    most: usize,
    inputs: Vec<I>,
    run: impl Fn(I) -> F,
    stops: impl Fn(&F::Output) -> bool,
) -> Vec<F::Output> {
    let (mut inputs, mut running, mut ended) = (inputs.into_iter(), Vec::new(), Vec::new());
    loop {
        running.extend(inputs.by_ref().take(most.max(1) - running.len()).map(|input| Box::pin(run(input))));
        if running.is_empty() {
            return ended;
        }
        let end = poll_fn(|cx| first_end(&mut running, cx)).await;
        let last = stops(&end);
        ended.push(end);
        if last {
            return ended;
        }
    }
}

fn first_end<F: Future>(running: &mut Vec<Pin<Box<F>>>, cx: &mut Context<'_>) -> Poll<F::Output> {
    for at in 0..running.len() {
        if let Poll::Ready(end) = running[at].as_mut().poll(cx) {
            drop(running.swap_remove(at));
            return Poll::Ready(end);
        }
    }
    Poll::Pending
}

/// The same on so many threads, of which the caller's is one.
pub(super) fn on_threads<I, F, T>(
    most: usize,
    inputs: Vec<I>,
    run: impl Fn(I) -> F + Sync,
    stops: impl Fn(&T) -> bool + Sync,
) -> Vec<T>
where
    I: Send,
    F: Future<Output = T>,
    T: Send,
{
    let others = most.min(inputs.len()).saturating_sub(1);
    let (inputs, ended) = (Mutex::new(Some(inputs.into_iter())), Mutex::new(Vec::new()));
    let work = || {
        while let Some(input) = next(&inputs) {
            let end = block_on(run(input));
            if stops(&end) {
                drop(lock(&inputs).take());
            }
            lock(&ended).push(end);
        }
    };
    let (scope, loads) = (Scope::current(), chain::current());
    thread::scope(|threads| {
        for _ in 0..others {
            threads.spawn(|| {
                let _within: Vec<_> = loads.iter().copied().map(chain::enter).collect();
                scope.enter(work);
            });
        }
        work();
    });
    ended.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn next<I>(inputs: &Mutex<Option<std::vec::IntoIter<I>>>) -> Option<I> {
    lock(inputs).as_mut()?.next()
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;

    #[test]
    fn what_ends_first_comes_first_and_one_that_stops_is_the_last() {
        let run = |input: u32| async move {
            let mut polls = 0;
            poll_fn(|cx| {
                polls += 1;
                cx.waker().wake_by_ref();
                if polls > input { Poll::Ready(input) } else { Poll::Pending }
            })
            .await
        };
        assert_eq!(block_on(on_this_task(2, vec![5, 1, 2], run, |_| false)), [1, 2, 5]);
        assert_eq!(block_on(on_this_task(1, vec![5, 1, 2], run, |_| false)), [5, 1, 2]);
        assert_eq!(block_on(on_this_task(9, vec![5, 1, 2], run, |end| *end == 1)), [1]);
    }

    #[test]
    fn threads_do_all_or_stop() {
        let mut all = on_threads(3, (0..100).collect(), |input: u32| ready(input * 2), |_| false);
        all.sort_unstable();
        assert_eq!(all, (0..100).map(|input| input * 2).collect::<Vec<_>>());
        assert_eq!(on_threads(1, vec![1, 2, 3], ready, |end| *end == 2), [1, 2]);
    }
}
