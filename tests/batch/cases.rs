//! The acceptance cases about many items, by their numbers.

use std::{
    collections::HashMap,
    sync::{
        Barrier, Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    thread,
};

use cacher::{Cache, cache};

#[test]
fn cch_73_an_item_that_comes_twice_is_asked_for_once_and_answered_twice() {
    static ASKED: Mutex<Vec<Vec<u64>>> = Mutex::new(Vec::new());
    #[cache(batch = ids)]
    fn doubled(ids: &[u64]) -> Vec<u64> {
        ASKED.lock().unwrap().push(ids.to_vec());
        ids.iter().map(|id| id * 2).collect()
    }
    assert_eq!(doubled(&[1]), [2]);
    assert_eq!(doubled(&[1, 1, 9, 9]), [2, 2, 18, 18]);
    assert_eq!(*ASKED.lock().unwrap(), [[1], [9]]);
}

#[test]
fn cch_74_a_wrong_count_is_an_error_that_names_both_and_stores_nothing() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    #[cache(batch = ids)]
    fn all_but_one(ids: &[u64]) -> Result<Vec<u64>, cacher::Error> {
        RUNS.fetch_add(1, SeqCst);
        Ok(ids[1..].to_vec())
    }
    let error = all_but_one(&[1, 2, 3]).unwrap_err().to_string();
    assert!(error.contains("asked for 3 items and returned 2"), "{error}");
    assert_eq!(all_but_one::entries(&[1, 2, 3]).contains(), [false; 3]);
    assert_eq!(all_but_one(&[]).unwrap(), Vec::<u64>::new());
    assert_eq!(RUNS.load(SeqCst), 1, "nothing is asked for where nothing is wanted");
}

#[test]
fn cch_86_bodies_on_threads_are_answered_in_the_order_of_the_items() {
    static TOGETHER: Barrier = Barrier::new(4);
    #[cache(batch = ids, max_batch = 5, parallel = 4)]
    fn named(ids: &[u64]) -> Vec<String> {
        TOGETHER.wait();
        ids.iter().map(|id| format!("{id} by {:?}", thread::current().id())).collect()
    }
    let ids: Vec<_> = (0..20).rev().collect();
    let answers = named(&ids);
    assert!(ids.iter().zip(&answers).all(|(id, answer)| answer.starts_with(&format!("{id} by "))), "{answers:?}");
    let threads: std::collections::HashSet<_> = answers.iter().map(|answer| answer.split_once(" by ")).collect();
    assert_eq!(threads.into_iter().flatten().map(|(_, by)| by).collect::<std::collections::HashSet<_>>().len(), 4);
}

#[tokio::test]
async fn cme_8_two_hundred_batches_at_once_load_three_items_once() {
    static ASKED: AtomicU64 = AtomicU64::new(0);
    #[cache(batch = ids)]
    async fn values(ids: &[u64]) -> Vec<u64> {
        ASKED.fetch_add(ids.len() as u64, SeqCst);
        tokio::task::yield_now().await;
        ids.to_vec()
    }
    let orders = [[1, 2, 3], [3, 1, 2], [2, 3, 1]];
    let calls = (0..200).map(|call| tokio::spawn(async move { (call, values(&orders[call % 3]).await) }));
    for answer in futures::future::join_all(calls).await {
        let (call, values) = answer.unwrap();
        assert_eq!(values, orders[call % 3]);
    }
    assert_eq!(ASKED.load(SeqCst), 3);
    let stats = values::cache().stats();
    assert_eq!((stats.lone_loads, stats.items, stats.entries), (0, 3, 3));
    // Nobody is waited for any more.
    assert_eq!(values(&[1, 2, 3, 4]).await, [1, 2, 3, 4]);
}

#[test]
fn cme_19_and_22_nothing_gives_nothing_and_what_is_unknown_is_left_out() {
    #[cache(batch = ids)]
    fn known(ids: &[u64]) -> HashMap<u64, String> {
        ids.iter().filter(|id| **id < 4).map(|id| (*id, id.to_string())).collect()
    }
    assert!(known(&[]).is_empty());
    assert_eq!(known::entries(&[1, 2, 3]).insert(["a", "b", "c"].map(str::to_owned)), 3);
    let expected = [(1, "a"), (2, "b"), (3, "c")].map(|(id, text)| (id, text.to_owned()));
    assert_eq!(known(&[4, 1, 2, 3]), HashMap::from(expected));
    assert_eq!(known::cache().stats().items, 1);
}

#[test]
fn cme_23_each_input_has_a_result() {
    #[cache(batch = ids)]
    fn values(ids: &[u64]) -> Vec<Option<u64>> {
        ids.iter().map(|id| (*id != 2).then_some(*id)).collect()
    }
    for _ in 0..2 {
        assert_eq!(values(&[2, 1, 2, 1, 3]), [None, Some(1), None, Some(1), Some(3)]);
    }
}

#[test]
fn cme_25_a_batch_that_fails_leaves_nothing_in_flight() {
    #[cache(batch = ids, ignore = [how])]
    fn values(ids: &[u64], how: &str) -> Result<Vec<u64>, String> {
        match how {
            "fails" => Err("planned".to_owned()),
            "panics" => std::panic::resume_unwind(Box::new("planned")),
            _ => Ok(ids.to_vec()),
        }
    }
    assert_eq!(values(&[1, 2, 3], "fails"), Err("planned".to_owned()));
    assert!(std::panic::catch_unwind(|| values(&[1, 2, 3], "panics")).is_err());
    for id in 1..4 {
        assert_eq!(values::one(id, "works"), Ok(id));
    }
    let stats = values::cache().stats();
    assert_eq!((stats.load_failures, stats.lone_loads), (2, 0));
}

#[test]
fn cty_26_of_nothing_there_is_nothing() {
    for backend in ["memory://", "memory://?format=json"] {
        let cache: Cache<String, u64> = Cache::builder().backend(backend).build().unwrap();
        let none: [&str; 0] = [];
        assert!(cache.get_many(none).is_empty());
        assert_eq!(cache.set_many(std::iter::empty::<(&str, u64)>()), 0);
        assert_eq!(cache.delete_many(none), 0);
        assert_eq!((cache.len(), cache.stats().misses), (0, 0));
    }
}

#[test]
fn cty_32_of_many_those_are_got_that_are_there() {
    for backend in ["memory://", "memory://?format=json"] {
        let cache: Cache<String, u64> = Cache::builder().backend(backend).build().unwrap();
        cache.set("foo", 42);
        assert_eq!(cache.get_many(["foo", "bar", "foo"]), [Some(42), None, Some(42)]);
        let stats = cache.stats();
        assert_eq!((stats.hits, stats.misses), (2, 1));
    }
}

#[test]
fn cty_35_those_that_were_deleted_are_gone() {
    for backend in ["memory://", "memory://?format=json"] {
        let cache: Cache<u64, u64> = Cache::builder().backend(backend).build().unwrap();
        assert_eq!(cache.set_many([(&1, 1), (&2, 2), (&3, 3)]), 3);
        assert_eq!(cache.delete_many(&[1, 2, 2, 4]), 2);
        assert_eq!(cache.get_many(&[1, 2, 3]), [None, None, Some(3)]);
    }
}
