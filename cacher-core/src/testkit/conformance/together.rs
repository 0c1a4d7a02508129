//! Many at once, each with a view of its own, as other processes would.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use super::{Backend, Check, Key, Point};

pub(super) const POINTS: &[(&str, Check)] = &[
    ("writers of different keys don't disturb each other", writers),
    ("of many put_if_absent at once one wins", one_winner),
    ("a reader never sees half an entry", whole),
];

/// Runs `act` on `count` threads, and returns their results in order.
pub(super) fn spread<T: Send>(
    point: &Point<'_>,
    count: usize,
    act: impl Fn(usize, &Arc<dyn Backend>) -> T + Sync,
) -> Vec<T> {
    let views: Vec<_> = (0..count).map(|_| (point.open)()).collect();
    let act = &act;
    thread::scope(|scope| {
        let threads: Vec<_> = views.iter().enumerate().map(|(at, view)| scope.spawn(move || act(at, view))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| point.fail("a thread panicked"))).collect()
    })
}

fn writers(point: &mut Point<'_>) {
    let key = |thread: usize, n: usize| point.key(&format!("key {thread} {n}"));
    let keys: Vec<Vec<Key>> = (0..4).map(|thread| (0..25).map(|n| key(thread, n)).collect()).collect();
    let written = spread(point, 4, |thread, view| {
        keys[thread].iter().try_for_each(|key| {
            view.put(key, b"old", None)?;
            view.put(key, key.name.as_bytes(), None)
        })
    });
    for outcome in written {
        point.must("put", outcome);
    }
    for key in keys.iter().flatten() {
        point.expect(key, Some(key.name.as_bytes()));
    }
}

fn one_winner(point: &mut Point<'_>) {
    if !point.can().put_if_absent {
        return;
    }
    for round in 0..10 {
        let key = point.key(&format!("round {round}"));
        let answers = spread(point, 8, |thread, view| view.put_if_absent(&key, &[b'0'; 99][..90 + thread], None));
        let won: Vec<bool> = answers.into_iter().map(|answer| point.must("put_if_absent", answer)).collect();
        point.check(won.iter().filter(|won| **won).count() == 1, &format!("not one won, but of 8: {won:?}"));
        let winner = won.iter().position(|won| *won).unwrap_or_default();
        point.expect(&key, Some(&[b'0'; 99][..90 + winner]));
    }
}

fn whole(point: &mut Point<'_>) {
    let (key, done) = (point.key("one"), AtomicBool::new(false));
    let entries = [vec![b'a'; 100_000], vec![b'b'; 70_001]];
    point.put(&key, &entries[0]);
    let outcomes = spread(point, 3, |thread, view| {
        if thread == 0 {
            let _done = SetOnDrop(&done);
            return (0..200).try_for_each(|n| view.put(&key, &entries[n % 2], None)).map(|()| true);
        }
        let mut all_whole = true;
        while all_whole && !done.load(Ordering::Acquire) {
            all_whole = view.get(&key)?.is_some_and(|found| entries.contains(&found));
        }
        Ok(all_whole)
    });
    for outcome in outcomes {
        point.check(point.must("get or put", outcome), "a reader saw something that was never put");
    }
}

/// Lets the readers end even if the writer panics.
struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}
