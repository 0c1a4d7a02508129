//! Which loads the code on this thread is part of, and which loads wait for which: so that no wait can be in vain.

use std::{cell::RefCell, collections::HashMap};

use crate::sync::{AtomicU64, Mutex, Ordering, global, lock, thread_local};

/// A load in flight, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FlightId(u64);

impl FlightId {
    pub(crate) fn next() -> Self {
        global! {
            static NEXT: AtomicU64 = AtomicU64::new(1);
        }
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

thread_local! {
    static CHAIN: RefCell<Vec<FlightId>> = const { RefCell::new(Vec::new()) };
    static THREAD: u64 = {
        global! {
            static NEXT: AtomicU64 = AtomicU64::new(1);
        }
        NEXT.fetch_add(1, Ordering::Relaxed)
    };
}

/// This thread, by number; 0 while the thread ends.
pub(crate) fn this_thread() -> u64 {
    THREAD.try_with(|thread| *thread).unwrap_or(0)
}

/// Marks what runs until the guard is dropped as part of a load.
pub(crate) fn enter(flight: FlightId) -> Within {
    // The thread may be ending.
    let _ = CHAIN.try_with(|chain| chain.borrow_mut().push(flight));
    Within
}

/// The loads that what runs here is part of: for what goes on for them on another thread.
pub(crate) fn current() -> Vec<FlightId> {
    CHAIN.try_with(|chain| chain.borrow().clone()).unwrap_or_default()
}

/// The end of a part of a load.
#[derive(Debug)]
pub(crate) struct Within;

impl Drop for Within {
    fn drop(&mut self) {
        let _ = CHAIN.try_with(|chain| chain.borrow_mut().pop());
    }
}

global! {
    /// The loads that wait, and what for. A flight may wait for several at once (`join!`).
    static WAITS: Mutex<Option<HashMap<FlightId, Vec<FlightId>>>> = Mutex::new(None);
}

/// Notes that all loads of this chain wait for `flight`; `None` if one of them is what `flight` itself waits for, or
/// is `flight`: then the wait would never end.
pub(crate) fn wait_for(flight: FlightId) -> Option<Waiting> {
    let chain = current();
    if chain.is_empty() {
        return Some(Waiting { chain, flight });
    }
    let mut waits = lock(&WAITS);
    let waits = waits.get_or_insert_default();
    if reaches(waits, flight, &chain) {
        return None;
    }
    for &link in &chain {
        waits.entry(link).or_default().push(flight);
    }
    Some(Waiting { chain, flight })
}

/// Whether following the waits from `start` leads to one of `goals`.
fn reaches(waits: &HashMap<FlightId, Vec<FlightId>>, start: FlightId, goals: &[FlightId]) -> bool {
    let mut open = vec![start];
    let mut seen = Vec::new();
    while let Some(flight) = open.pop() {
        if goals.contains(&flight) {
            return true;
        }
        if !seen.contains(&flight) {
            seen.push(flight);
            open.extend(waits.get(&flight).into_iter().flatten());
        }
    }
    false
}

/// A noted wait.
#[derive(Debug)]
pub(crate) struct Waiting {
    chain: Vec<FlightId>,
    flight: FlightId,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if self.chain.is_empty() {
            return;
        }
        let mut waits = lock(&WAITS);
        let Some(waits) = waits.as_mut() else { return };
        for link in &self.chain {
            if let Some(list) = waits.get_mut(link) {
                if let Some(at) = list.iter().position(|flight| *flight == self.flight) {
                    list.swap_remove(at);
                }
                if list.is_empty() {
                    waits.remove(link);
                }
            }
        }
    }
}
