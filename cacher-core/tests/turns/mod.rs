//! One load of a key at a time among all processes that share a store.

use std::{
    sync::{
        Barrier,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use cacher_core::direct::Cache;

/// The URLs of one place, as three processes would know it: each with connections of its own.
pub(crate) type Urls = [String; 3];

const LONG: Duration = Duration::from_secs(20);

/// The same cache in each process.
fn nodes(urls: &Urls, name: &str, patience: Duration) -> [Cache<u64, u64>; 3] {
    let nodes = urls.each_ref().map(|url| {
        let builder = Cache::builder().name(name).backend("memory://").backend(url.as_str());
        builder.distributed().patience(patience).build().expect("a cache")
    });
    nodes[0].clear();
    nodes
}

/// The tests, for some [`Urls`] if there is a server.
macro_rules! taken {
    ($urls:expr) => {
        $crate::turns::taken! {
            $urls =>
            one_node_loads_and_the_others_get_its_value
            a_load_that_fails_gives_its_turn_back
            a_load_that_outlives_its_lease_is_returned_and_not_kept
            what_was_put_or_removed_during_a_load_elsewhere_stands
            what_was_cleared_during_a_load_elsewhere_is_not_put
        }
    };
    ($urls:expr => $($name:ident)*) => {$(
        #[test]
        fn $name() {
            if let Some(urls) = $urls {
                $crate::turns::$name(&urls);
            }
        }
    )*};
}
pub(crate) use taken;

pub(crate) fn one_node_loads_and_the_others_get_its_value(urls: &Urls) {
    let nodes = nodes(urls, "one", LONG);
    let loads = AtomicU32::new(0);
    for round in 0..20 {
        let values: Vec<_> = thread::scope(|scope| {
            let load = |node: &Cache<u64, u64>| {
                node.get_or_load(&round, || {
                    thread::yield_now();
                    u64::from(loads.fetch_add(1, Ordering::SeqCst))
                })
            };
            let callers = nodes.iter().flat_map(|node| [node, node]);
            let calls: Vec<_> = callers.map(|node| scope.spawn(move || load(node))).collect();
            calls.into_iter().map(|call| call.join().expect("no panic")).collect()
        });
        assert_eq!(values, [round; 6], "round {round}");
    }
    assert_eq!(loads.load(Ordering::SeqCst), 20);
    assert_eq!(nodes.iter().map(|node| node.stats().store_errors).sum::<u64>(), 0);
}

pub(crate) fn a_load_that_fails_gives_its_turn_back(urls: &Urls) {
    let [a, b, _] = nodes(urls, "failing", LONG);
    let (began, go) = (Barrier::new(2), Barrier::new(2));
    thread::scope(|scope| {
        let failing = scope.spawn(|| {
            a.try_get_or_load(&1, || {
                began.wait();
                go.wait();
                Err::<u64, _>("no")
            })
        });
        began.wait();
        let waiting = scope.spawn(|| b.get_or_load(&1, || 7));
        go.wait();
        assert!(failing.join().expect("no panic").is_err());
        assert_eq!(waiting.join().expect("no panic"), 7);
    });
}

pub(crate) fn a_load_that_outlives_its_lease_is_returned_and_not_kept(urls: &Urls) {
    let [a, b, _] = nodes(urls, "late", Duration::from_millis(500));
    let late = a.get_or_load(&1, || {
        assert_eq!(b.get_or_load(&1, || 2), 2, "the other waited for its patience");
        1
    });
    assert_eq!(late, 1);
    assert_eq!((a.get(&1), b.get(&1)), (Some(2), Some(2)));
}

pub(crate) fn what_was_put_or_removed_during_a_load_elsewhere_stands(urls: &Urls) {
    let [a, b, _] = nodes(urls, "put", LONG);
    let loaded = a.get_or_load(&1, || {
        assert!(b.set(&1, 2));
        1
    });
    assert_eq!((loaded, a.get(&1), b.get(&1)), (1, Some(2), Some(2)));
    a.get_or_load(&2, || {
        b.delete(&2);
        1
    });
    assert_eq!((a.get(&2), b.get(&2)), (None, None));
}

pub(crate) fn what_was_cleared_during_a_load_elsewhere_is_not_put(urls: &Urls) {
    let [a, b, _] = nodes(urls, "cleared", LONG);
    let loaded = a.get_or_load(&1, || {
        b.clear();
        1
    });
    assert_eq!(loaded, 1);
    assert_eq!((a.get(&1), b.get(&1)), (None, None));
}
