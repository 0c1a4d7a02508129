//! What is loaded, when, and by whom.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Barrier, Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use cacher::{cache, testing::ManualClock};

/// What bodies were asked for.
#[derive(Default)]
struct Calls(Mutex<Vec<Vec<u64>>>);

impl Calls {
    fn note(&self, ids: &[u64]) {
        self.0.lock().unwrap().push(ids.to_vec());
    }

    fn take(&self) -> Vec<Vec<u64>> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Fault {
    Own(u64),
    Cache(String),
}

impl From<cacher::Error> for Fault {
    fn from(error: cacher::Error) -> Self {
        Self::Cache(error.to_string())
    }
}

#[test]
fn a_failed_body_stores_nothing_and_what_was_there_stays() {
    #[cache(batch = ids, ignore = [fail])]
    fn values(ids: &[u64], fail: bool) -> Result<Vec<u64>, Fault> {
        if fail { Err(Fault::Own(ids[0])) } else { Ok(ids.to_vec()) }
    }
    assert_eq!(values(&[1], false), Ok(vec![1]));
    assert_eq!(values(&[1, 2, 3], true), Err(Fault::Own(2)));
    assert_eq!(values::entries(&[1, 2, 3]).contains(), [true, false, false]);
    assert_eq!(values(&[3, 2], false), Ok(vec![3, 2]), "nothing is left in flight");
    assert_eq!(values::cache().stats().load_failures, 1);
}

#[test]
fn partial_answers_have_what_was_cached() {
    #[cache(batch = ids, ignore = [fail], on_error = partial)]
    fn values(ids: &[u64], fail: bool) -> Result<HashMap<u64, u64>, Fault> {
        if fail { Err(Fault::Own(ids[0])) } else { Ok(ids.iter().map(|id| (*id, id * 2)).collect()) }
    }
    assert_eq!(values(&[1], true), Err(Fault::Own(1)), "there is nothing to return");
    values(&[1, 2], false).unwrap();
    assert_eq!(values(&[1, 2, 3], true), Ok(HashMap::from([(1, 2), (2, 4)])));
    assert_eq!(values(&[3], true), Err(Fault::Own(3)));
}

#[test]
fn partial_answers_have_what_other_bodies_returned() {
    #[cache(batch = ids, ignore = [calls], on_error = partial, max_batch = 2)]
    fn values(ids: &[u64], calls: &Calls) -> Result<Vec<Option<u64>>, Fault> {
        calls.note(ids);
        if ids.contains(&3) { Err(Fault::Own(3)) } else { Ok(ids.iter().map(|id| Some(id * 2)).collect()) }
    }
    let calls = Calls::default();
    assert_eq!(values(&[1, 2, 3, 4, 5], &calls), Ok(vec![Some(2), Some(4), None, None, Some(10)]));
    assert_eq!(calls.take(), [vec![1, 2], vec![3, 4], vec![5]]);
}

#[test]
fn a_vec_of_the_wrong_length_is_an_error_that_names_both_counts() {
    #[cache(batch = ids)]
    fn short(ids: &[u64]) -> Result<Vec<u64>, Fault> {
        Ok(ids[1..].to_vec())
    }
    let Err(Fault::Cache(text)) = short(&[1, 2, 3]) else { panic!("it is an error") };
    assert!(text.contains("asked for 3 items") && text.contains("returned 2"), "{text}");
    assert_eq!(short::entries(&[1, 2, 3]).contains(), [false; 3]);
}

#[test]
#[should_panic(expected = "was asked for 2 items and returned 3")]
fn a_vec_of_the_wrong_length_panics_where_nothing_else_can_be_said() {
    #[cache(batch = ids)]
    fn long(ids: &[u64]) -> Vec<Option<u64>> {
        vec![None; ids.len() + 1]
    }
    long(&[1, 2]);
}

#[test]
fn what_is_not_in_the_answer_is_not_stored() {
    static CALLS: Calls = Calls(Mutex::new(Vec::new()));
    #[cache(batch = ids)]
    fn even(ids: &[u64]) -> BTreeMap<u64, u64> {
        CALLS.note(ids);
        ids.iter().filter(|id| **id % 2 == 0).map(|id| (*id, *id)).collect()
    }
    assert_eq!(even(&[1, 2, 3]).len(), 1);
    assert_eq!(even(&[1, 2]).len(), 1);
    assert_eq!(even::one(3), None);
    assert_eq!(CALLS.take(), [vec![1, 2, 3], vec![1], vec![3]]);
    assert_eq!(even::cache().stats().entries, 1);
}

#[test]
fn what_nobody_asked_for_is_not_stored() {
    #[cache(batch = ids)]
    fn more(ids: &[u64]) -> HashMap<u64, u64> {
        ids.iter().flat_map(|id| [(*id, *id), (id + 100, 7)]).collect()
    }
    assert_eq!(more(&[1]).len(), 1);
    assert_eq!(more::entry(101).peek(), None);
}

#[test]
fn absence_is_remembered_for_as_long_as_is_said() {
    static CALLS: Calls = Calls(Mutex::new(Vec::new()));
    #[cache(batch = ids, ttl = "1h", none_ttl = "1m")]
    fn even(ids: &[u64]) -> BTreeMap<u64, u64> {
        CALLS.note(ids);
        ids.iter().filter(|id| **id % 2 == 0).map(|id| (*id, *id)).collect()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!(even(&[1, 2]).len(), 1);
    assert_eq!(even(&[1, 2, 2]).len(), 1);
    assert_eq!((even::one(1), even::one(2)), (None, Some(2)));
    assert_eq!(even::entries(&[1, 2, 3]).peek(), [Some(None), Some(Some(2)), None]);
    clock.advance(Duration::from_secs(61));
    even(&[1, 2]);
    assert_eq!(CALLS.take(), [vec![1, 2], vec![1]]);
}

#[test]
fn larger_batches_are_split() {
    static CALLS: Calls = Calls(Mutex::new(Vec::new()));
    #[cache(batch = ids, max_batch = 3)]
    fn values(ids: &[u64]) -> Vec<u64> {
        CALLS.note(ids);
        ids.to_vec()
    }
    assert_eq!(values(&[5, 4, 3, 2, 1, 5, 0]), [5, 4, 3, 2, 1, 5, 0]);
    assert_eq!(CALLS.take(), [vec![5, 4, 3], vec![2, 1, 0]]);
    let stats = values::cache().stats();
    assert_eq!((stats.loads, stats.items, stats.misses), (2, 6, 6));
}

#[test]
fn bodies_run_at_the_same_time_if_they_may() {
    static AT_ONCE: Barrier = Barrier::new(3);
    #[cache(batch = ids, max_batch = 2, parallel = 3)]
    fn values(ids: &[u64]) -> Vec<u64> {
        AT_ONCE.wait();
        ids.iter().map(|id| id * 10).collect()
    }
    assert_eq!(values(&[1, 2, 3, 4, 5, 6]), [10, 20, 30, 40, 50, 60]);
}

#[tokio::test]
async fn async_bodies_run_at_the_same_time_if_they_may() {
    #[cache(batch = ids, max_batch = 1, parallel = 3, ignore = [at_once])]
    async fn values(ids: &[u64], at_once: &tokio::sync::Barrier) -> Vec<u64> {
        at_once.wait().await;
        ids.to_vec()
    }
    let at_once = tokio::sync::Barrier::new(3);
    assert_eq!(values(&[3, 1, 2], &at_once).await, [3, 1, 2]);
}

#[test]
fn items_in_flight_elsewhere_are_joined() {
    static CALLS: Calls = Calls(Mutex::new(Vec::new()));
    static MEETING: Barrier = Barrier::new(2);
    #[cache(batch = ids, ignore = [slow])]
    fn values(ids: &[u64], slow: bool) -> Vec<u64> {
        CALLS.note(ids);
        if slow {
            MEETING.wait();
            MEETING.wait();
        }
        ids.to_vec()
    }
    thread::scope(|threads| {
        threads.spawn(|| assert_eq!(values(&[1, 2], true), [1, 2]));
        MEETING.wait();
        let other = threads.spawn(|| values(&[2, 3, 1], false));
        // It loads 3 before it waits for the others.
        while !values::entry(3).contains() {
            thread::yield_now();
        }
        MEETING.wait();
        assert_eq!(other.join().unwrap(), [2, 3, 1]);
    });
    assert_eq!(CALLS.take(), [vec![1, 2], vec![3]]);
    assert_eq!(values::cache().stats().waits, 1);
}

#[tokio::test]
async fn batches_that_overlap_never_wait_for_each_other() {
    static LOADS: AtomicU64 = AtomicU64::new(0);
    #[cache(batch = ids, patience = "1h")]
    async fn values(ids: &[u64]) -> Vec<u64> {
        LOADS.fetch_add(ids.len() as u64, SeqCst);
        tokio::task::yield_now().await;
        ids.to_vec()
    }
    let (forth, back): (Vec<_>, Vec<_>) = ((0..100).collect(), (0..100).rev().collect());
    let all = futures::future::join_all((0..20).map(|n| if n % 2 == 0 { values(&forth) } else { values(&back) })).await;
    for (n, values) in all.iter().enumerate() {
        assert_eq!(*values, if n % 2 == 0 { forth.clone() } else { back.clone() });
    }
    assert_eq!(LOADS.load(SeqCst), 100, "each item is loaded once");
}

#[tokio::test]
async fn a_batch_that_is_dropped_leaves_its_items_to_others() {
    #[cache(batch = ids, ignore = [gate])]
    async fn values(ids: &[u64], gate: Option<&tokio::sync::Semaphore>) -> Vec<u64> {
        if let Some(gate) = gate {
            drop(gate.acquire().await);
        }
        ids.to_vec()
    }
    let gate = tokio::sync::Semaphore::new(0);
    {
        let first = values(&[1, 2], Some(&gate));
        let mut first = std::pin::pin!(first);
        assert!(futures::poll!(first.as_mut()).is_pending());
    }
    assert_eq!(values(&[2, 3], None).await, [2, 3]);
    assert_eq!(values::cache().stats().load_failures, 1);
}

#[test]
fn a_body_may_call_its_own_function() {
    #[cache(batch = ids)]
    fn sums(ids: &[u64]) -> Vec<u64> {
        ids.iter().map(|id| if *id == 0 { 0 } else { id + sums(&[id - 1])[0] }).collect()
    }
    assert_eq!(sums(&[4, 3, 2]), [10, 6, 3]);
}

#[test]
fn scopes_hold_for_batches() {
    static CALLS: Calls = Calls(Mutex::new(Vec::new()));
    #[cache(batch = ids)]
    fn values(ids: &[u64]) -> Result<Vec<u64>, Fault> {
        CALLS.note(ids);
        Ok(ids.to_vec())
    }
    assert_eq!(cacher::bypass(|| values(&[1, 1])), Ok(vec![1, 1]));
    assert_eq!(values::uncached(&[]), Ok(vec![]));
    assert_eq!(CALLS.take(), [vec![1, 1], vec![]], "as they are, and an empty list too");
    assert!(matches!(cacher::only_if_cached(|| values(&[1])), Err(Fault::Cache(_))));
    assert_eq!(cacher::read_only(|| values(&[1, 2, 1])), Ok(vec![1, 2, 1]));
    assert_eq!(CALLS.take(), [[1, 2]]);
    assert_eq!(values::entries(&[1, 2]).contains(), [false, false]);
    assert_eq!(values(&[1, 2]), Ok(vec![1, 2]));
    assert_eq!(values::refresh(&[2, 3, 2]), Ok(vec![2, 3, 2]));
    assert_eq!(CALLS.take(), [[1, 2], [2, 3]]);
    assert_eq!(cacher::only_if_cached(|| values(&[3, 2, 1])), Ok(vec![3, 2, 1]));
}

#[test]
fn entries_of_many() {
    static CALLS: Calls = Calls(Mutex::new(Vec::new()));
    #[cache(batch = ids, cache_if = |value| *value < 100)]
    fn values(ids: &[u64]) -> Vec<u64> {
        CALLS.note(ids);
        ids.to_vec()
    }
    assert_eq!(values::entries(&[1, 2, 3]).insert([10, 20, 300]), 2);
    assert_eq!(values::entries(&[1, 2, 3]).peek(), [Some(10), Some(20), None]);
    assert_eq!(values(&[1, 2, 3]), [10, 20, 3]);
    assert_eq!(values::entries(&[1, 9]).invalidate(), cacher::Removal::Removed);
    assert_eq!(values::entries(&[9]).invalidate(), cacher::Removal::Absent);
    assert_eq!(values(&[1, 2, 3]), [1, 20, 3]);
    assert_eq!(CALLS.take(), [[3], [1]]);
}

#[test]
fn rates_count_bodies_or_items() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    #[cache(batch = ids, rate_limit = "1/s", on_limit = error)]
    fn bodies(ids: &[u64]) -> Result<Vec<u64>, Fault> {
        Ok(ids.to_vec())
    }
    #[cache(batch = ids, rate_limit = "1/s", on_limit = error, per_item)]
    fn items(ids: &[u64]) -> Result<Vec<u64>, Fault> {
        Ok(ids.to_vec())
    }
    bodies(&[1, 2, 3]).unwrap();
    items(&[1, 2, 3]).unwrap();
    assert!(bodies(&[1, 4]).is_err() && items(&[4]).is_err());
    bodies(&[1, 2]).unwrap();
    clock.advance(Duration::from_secs(1));
    bodies(&[4, 5]).unwrap();
    assert!(items(&[4]).is_err(), "three items took three seconds");
    clock.advance(Duration::from_secs(2));
    items(&[4]).unwrap();
}

#[test]
fn single_calls_within_a_window_share_a_body() {
    static CALLS: Calls = Calls(Mutex::new(Vec::new()));
    const CALLERS: u64 = 8;
    // Long, but over as soon as all are there.
    #[cache(batch = ids, batch_window = "1h", max_batch = 8)]
    fn values(ids: &[u64], lang: &str) -> HashMap<u64, String> {
        CALLS.note(ids);
        ids.iter().filter(|id| **id != 3).map(|id| (*id, format!("{id}{lang}"))).collect()
    }
    let all: Vec<_> = thread::scope(|threads| {
        let callers: Vec<_> = (0..CALLERS).map(|id| threads.spawn(move || values::one(id, "de"))).collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    });
    for (id, value) in all.into_iter().enumerate() {
        assert_eq!(value, (id != 3).then(|| format!("{id}de")));
    }
    let mut calls = CALLS.take();
    calls.iter_mut().for_each(|ids| ids.sort_unstable());
    assert_eq!(calls, [(0..CALLERS).collect::<Vec<_>>()]);
    let stats = values::cache().stats();
    assert_eq!((stats.loads, stats.items), (1, CALLERS));
}

#[tokio::test]
async fn a_window_ends_by_its_time_too() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    static CALLS: Calls = Calls(Mutex::new(Vec::new()));
    #[cache(batch = ids, batch_window = "2ms", max_batch = 100)]
    async fn values(ids: Vec<u64>, lang: String) -> Result<Vec<u64>, Fault> {
        CALLS.note(&ids);
        if lang == "xx" { Err(Fault::Own(0)) } else { Ok(ids) }
    }
    let calls = futures::future::join_all(vec![
        values::one(1, "de".into()),
        values::one(2, "de".into()),
        values::one(1, "en".into()),
        values::one(1, "xx".into()),
        values::one(2, "xx".into()),
    ]);
    let mut calls = std::pin::pin!(calls);
    assert!(futures::poll!(calls.as_mut()).is_pending());
    clock.advance(Duration::from_millis(3));
    let answers = calls.await;
    assert_eq!(answers, [Ok(1), Ok(2), Ok(1), Err(Fault::Own(0)), Err(Fault::Own(0))]);
    assert_eq!(CALLS.take(), [vec![1, 2], vec![1], vec![1, 2]], "what else identifies a call is the same in a body");
}

#[tokio::test]
async fn who_gathers_may_go_away() {
    #[cache(batch = ids, batch_window = "1h", max_batch = 3)]
    async fn values(ids: &[u64]) -> Vec<u64> {
        ids.to_vec()
    }
    let mut first = Box::pin(values::one(1));
    let mut second = Box::pin(values::one(2));
    assert!(futures::poll!(first.as_mut()).is_pending());
    assert!(futures::poll!(second.as_mut()).is_pending());
    drop(first);
    assert!(futures::poll!(second.as_mut()).is_pending(), "it gathers now");
    let (third, fourth, second) = tokio::join!(values::one(3), values::one(4), second);
    assert_eq!((second, third, fourth), (2, 3, 4));
}

#[test]
fn prefetched_items_are_there() {
    static DONE: Barrier = Barrier::new(2);
    #[cache(batch = ids, prefetch, ignore = [db])]
    fn values(ids: &[u64], lang: &str, db: &Calls) -> HashMap<u64, String> {
        db.note(ids);
        DONE.wait();
        ids.iter().map(|id| (*id, format!("{id}{lang}"))).collect()
    }
    let db = Arc::new(Calls::default());
    values::prefetch(vec![1, 2], "de", Arc::clone(&db));
    DONE.wait();
    while !values::entry(2, "de").contains() {
        thread::yield_now();
    }
    assert_eq!(values(&[1, 2], "de", &db).len(), 2);
    assert_eq!(db.take(), [[1, 2]]);
}

#[tokio::test]
async fn async_prefetch_runs_behind_its_caller() {
    #[cache(prefetch)]
    async fn value(id: u64) -> u64 {
        id * 2
    }
    value::prefetch(4);
    while value::entry(4).peek().await.is_none() {
        tokio::task::yield_now().await;
    }
    assert_eq!(value::cache().stats().loads, 1);
}

#[tokio::test]
async fn a_stream_gives_answers_in_order_as_they_come() {
    static CALLS: Calls = Calls(Mutex::new(Vec::new()));
    #[cache(batch = ids, max_batch = 2, stream)]
    async fn values(ids: &[u64], lang: &str) -> Result<HashMap<u64, String>, Fault> {
        CALLS.note(ids);
        if ids.contains(&6) {
            return Err(Fault::Own(6));
        }
        Ok(ids.iter().filter(|id| **id != 2).map(|id| (*id, format!("{id}{lang}"))).collect())
    }
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = Arc::clone(&told);
    let stream = values::stream(vec![1, 2, 3, 4, 5, 6, 7], "de".to_owned());
    let mut stream = stream.on_progress(move |done, all| telling.lock().unwrap().push((done, all)));
    assert_eq!(stream.next().await, Some(Ok((1, Some("1de".into())))));
    assert_eq!(CALLS.take(), [[1, 2]], "no more than was needed");
    assert_eq!(stream.next().await, Some(Ok((2, None))));
    let mut rest = Vec::new();
    while let Some(answer) = stream.next().await {
        rest.push(answer.map(|(id, _)| id));
    }
    assert_eq!(rest, [Ok(3), Ok(4), Err(Fault::Own(6)), Ok(7)]);
    assert_eq!(*told.lock().unwrap(), [(2, 7), (4, 7), (6, 7), (7, 7)]);
}

#[test]
fn an_iterator_gives_answers_in_order_as_they_come() {
    #[cache(batch = ids, max_batch = 2, stream)]
    fn values(ids: Vec<u64>) -> Vec<u64> {
        ids.into_iter().map(|id| id * 2).collect()
    }
    assert_eq!(values::stream(vec![3, 1, 2]).collect::<Vec<_>>(), [(3, 6), (1, 2), (2, 4)]);
    assert_eq!(values::cache().stats().loads, 2);
}
