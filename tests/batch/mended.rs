//! What went wrong once.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::{Duration, SystemTime},
};

use cacher::{
    backend::{Backend, Cost, Key},
    cache,
    error::{Error, Kind},
    strategy::{Call, Permit, Strategy, Verdict},
    testing::ManualClock,
};

fn sent<T: Send>(value: T) -> T {
    value
}

#[tokio::test]
async fn calls_with_a_window_may_be_spawned() {
    #[cache(batch = ids, batch_window = "1ms", max_batch = 2, parallel = 2)]
    async fn values(ids: Vec<u64>, lang: String) -> HashMap<u64, String> {
        ids.into_iter().map(|id| (id, format!("{id}{lang}"))).collect()
    }
    let calls = (0..4).map(|id| tokio::spawn(sent(values::one(id, "de".to_owned()))));
    for (id, call) in calls.enumerate() {
        assert_eq!(call.await.unwrap(), Some(format!("{id}de")));
    }
}

#[tokio::test]
async fn an_item_that_comes_twice_into_a_window_is_asked_for_once() {
    static ASKED: Mutex<Vec<Vec<u64>>> = Mutex::new(Vec::new());
    #[cache(batch = ids, batch_window = "1h", max_batch = 4)]
    async fn values(ids: &[u64]) -> Vec<u64> {
        ASKED.lock().unwrap().push(ids.to_vec());
        ids.iter().map(|id| id * 10).collect()
    }
    let (mut first, mut second) = (Box::pin(values(&[1, 2])), Box::pin(values(&[2])));
    assert!(futures::poll!(first.as_mut()).is_pending());
    // Whoever comes after this does not join the load from before.
    values::entries(&[2]).invalidate().await;
    assert!(futures::poll!(second.as_mut()).is_pending());
    let (first, second, third) = tokio::join!(first, second, values(&[3]));
    assert_eq!((first, second, third), (vec![10, 20], vec![20], vec![30]));
    assert_eq!(*ASKED.lock().unwrap(), [[1, 2, 3]]);
    assert_eq!(values::cache().stats().items, 3);
    assert_eq!(values::entries(&[1, 2, 3]).peek().await, [Some(10), Some(20), Some(30)]);
}

#[tokio::test]
async fn a_window_may_be_longer_than_patience() {
    #[cache(batch = ids, batch_window = "1m", patience = "1s")]
    async fn values(ids: &[u64]) -> Vec<u64> {
        ids.to_vec()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let (mut first, mut second) = (Box::pin(values(&[1, 2])), Box::pin(values(&[2, 3])));
    assert!(futures::poll!(first.as_mut()).is_pending());
    assert!(futures::poll!(second.as_mut()).is_pending());
    clock.advance(Duration::from_secs(30));
    assert!(futures::poll!(second.as_mut()).is_pending(), "no body could run yet");
    clock.advance(Duration::from_secs(31));
    assert_eq!(tokio::join!(first, second), (vec![1, 2], vec![2, 3]));
    let stats = values::cache().stats();
    assert_eq!((stats.loads, stats.items, stats.lone_loads), (1, 3, 0));
}

#[tokio::test]
async fn who_loads_for_others_hears_of_its_own_errors_only() {
    #[cache(batch = ids, batch_window = "1h", max_batch = 2)]
    async fn values(ids: &[u64]) -> Result<Vec<u64>, String> {
        if ids.contains(&3) { Err("3 fails".to_owned()) } else { Ok(ids.to_vec()) }
    }
    let mut first = Box::pin(values(&[1]));
    assert!(futures::poll!(first.as_mut()).is_pending());
    let (first, second) = tokio::join!(first, values(&[2, 3]));
    assert_eq!(first, Ok(vec![1]));
    assert_eq!(second, Err("3 fails".to_owned()));
    assert_eq!(values::entries(&[1, 2, 3]).contains().await, [true, true, false]);
}

#[tokio::test]
async fn what_is_streamed_twice_has_its_answer_twice() {
    #[cache(batch = ids, max_batch = 10, stream)]
    async fn values(ids: &[u64]) -> HashMap<u64, String> {
        ids.iter().map(|id| (*id, id.to_string())).collect()
    }
    let mut stream = values::stream(vec![1, 2, 1]);
    let mut answers = Vec::new();
    while let Some((id, answer)) = stream.next().await {
        answers.push((id, answer.unwrap()));
    }
    assert_eq!(answers, [(1, "1".to_owned()), (2, "2".to_owned()), (1, "1".to_owned())]);
}

#[tokio::test]
async fn an_error_of_one_batch_costs_nothing_of_another() {
    #[cache(batch = ids, ignore = [gate], on_error = partial)]
    async fn values(ids: &[u64], gate: &tokio::sync::Semaphore) -> Result<Vec<Option<u64>>, String> {
        drop(gate.acquire().await);
        if ids.contains(&1) { Err("1 fails".to_owned()) } else { Ok(ids.iter().copied().map(Some).collect()) }
    }
    let (shut, open) = (tokio::sync::Semaphore::new(0), tokio::sync::Semaphore::new(9));
    let (mut fails, mut works) = (Box::pin(values(&[1], &shut)), Box::pin(values(&[2], &shut)));
    assert!(futures::poll!(fails.as_mut()).is_pending());
    assert!(futures::poll!(works.as_mut()).is_pending());
    let mut both = Box::pin(values(&[1, 2, 3], &open));
    assert!(futures::poll!(both.as_mut()).is_pending());
    shut.add_permits(9);
    assert_eq!(fails.await, Err("1 fails".to_owned()));
    assert_eq!(works.await, Ok(vec![Some(2)]));
    assert_eq!(both.await, Ok(vec![None, Some(2), Some(3)]));
}

/// Which keys are read and loaded.
#[derive(Default)]
struct Seen {
    reads: Mutex<Vec<Option<u64>>>,
    loads: Mutex<Vec<(Option<u64>, u32)>>,
}

struct Watch(Arc<Seen>);

impl Strategy for Watch {
    fn ask_read(&self, _call: &Call<'_>) -> Verdict {
        Verdict::Proceed
    }
    fn commit_read(&self, call: &Call<'_>) {
        self.0.reads.lock().unwrap().push(call.key());
    }
    fn ask_load(&self, call: &Call<'_>) -> Permit {
        self.0.loads.lock().unwrap().push((call.key(), call.items()));
        Permit::Now
    }
}

static SEEN: std::sync::LazyLock<Arc<Seen>> = std::sync::LazyLock::new(Arc::default);

#[test]
fn strategies_are_asked_once_for_each_item_and_told_whose_load_it_is() {
    #[cache(batch = ids, strategies = [Watch(Arc::clone(&SEEN))])]
    fn values(ids: &[u64]) -> Vec<u64> {
        ids.to_vec()
    }
    let reads = || std::mem::take(&mut *SEEN.reads.lock().unwrap());
    let loads = || std::mem::take(&mut *SEEN.loads.lock().unwrap());
    values(&[1]);
    values(&[2]);
    let (keys, _) = (reads(), loads());
    values::entry(1).invalidate();
    values::entry(2).invalidate();
    values(&[1]);
    reads();
    loads();
    values(&[2, 1, 2]);
    assert_eq!(reads(), [keys[1], keys[0]]);
    assert_eq!(loads(), [(keys[1], 1)]);
    values(&[1, 3, 4]);
    assert_eq!(reads().len(), 3);
    assert_eq!(loads(), [(None, 2)]);
}

#[test]
fn the_load_of_one_item_out_of_two_is_told_as_its_own() {
    static SEEN: std::sync::LazyLock<Arc<Seen>> = std::sync::LazyLock::new(Arc::default);
    #[cache(batch = ids, backend = "memory://?format=json", strategies = [Watch(Arc::clone(&SEEN))])]
    fn values(ids: &[u64]) -> Vec<u64> {
        ids.to_vec()
    }
    values(&[1]);
    values(&[2]);
    let keys = std::mem::take(&mut *SEEN.reads.lock().unwrap());
    values::entry(2).invalidate();
    SEEN.loads.lock().unwrap().clear();
    // Memory has neither, and the store has the first.
    values(&[1, 2]);
    assert_eq!(*SEEN.loads.lock().unwrap(), [(keys[1], 1)]);
}

#[test]
fn a_panic_on_another_thread_is_that_of_the_body() {
    #[cache(batch = ids, max_batch = 1, parallel = 2, ignore = [runs, caller])]
    fn values(ids: &[u64], runs: &AtomicU64, caller: thread::ThreadId) -> Vec<u64> {
        runs.fetch_add(1, SeqCst);
        if thread::current().id() != caller {
            std::panic::resume_unwind(Box::new(ids[0]));
        }
        while runs.load(SeqCst) < 2 {
            thread::yield_now();
        }
        ids.to_vec()
    }
    let (runs, ids) = (AtomicU64::new(0), (0..1000).collect::<Vec<_>>());
    let panic = std::panic::catch_unwind(|| values(&ids, &runs, thread::current().id())).unwrap_err();
    assert!(panic.is::<u64>(), "it is what the body panicked with");
    assert!(runs.load(SeqCst) < 1000, "no more are begun");
}

/// What removes an entry when it is written.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
struct Meddler(u64);

impl serde::Serialize for Meddler {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if MEDDLES.load(SeqCst) {
            meddled::entry(self.0 - 1).invalidate();
        }
        serializer.serialize_u64(self.0)
    }
}

static MEDDLES: AtomicBool = AtomicBool::new(false);

#[cache(batch = ids, backend = "memory://?format=json")]
fn meddled(ids: &[u64]) -> Vec<Meddler> {
    ids.iter().copied().map(Meddler).collect()
}

#[test]
fn what_is_written_may_change_what_is_written_with_it() {
    // A clock that stands still: who waits for a write of its own would do so for ever.
    let (done, ended) = mpsc::channel();
    thread::spawn(move || {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        MEDDLES.store(true, SeqCst);
        let ids: Vec<_> = (1..5).collect();
        assert_eq!(meddled(&ids), ids.iter().copied().map(Meddler).collect::<Vec<_>>());
        meddled::entries(&ids).insert(ids.iter().copied().map(Meddler));
        MEDDLES.store(false, SeqCst);
        done.send(meddled::entry(4).contains()).unwrap();
    });
    assert_eq!(ended.recv_timeout(Duration::from_secs(20)), Ok(true), "the last of all is changed by none");
}

/// A store that has one name which it can't read, write or remove.
#[derive(Default)]
struct Picky(Mutex<HashMap<Key, Vec<u8>>>);

impl Picky {
    fn check(key: &Key) -> cacher::error::Result<()> {
        if key.name.contains("13") { Err(Error::new(Kind::Rejected, "not this one")) } else { Ok(()) }
    }
}

impl Backend for Picky {
    fn describe(&self) -> String {
        "picky".into()
    }
    fn cost(&self) -> Cost {
        Cost::InPlace
    }
    fn get(&self, key: &Key) -> cacher::error::Result<Option<Vec<u8>>> {
        Self::check(key)?;
        Ok(self.0.lock().unwrap().get(key).cloned())
    }
    fn put(&self, key: &Key, entry: &[u8], _expires: Option<SystemTime>) -> cacher::error::Result<()> {
        Self::check(key)?;
        self.0.lock().unwrap().insert(key.clone(), entry.to_vec());
        Ok(())
    }
    fn remove(&self, key: &Key) -> cacher::error::Result<bool> {
        Self::check(key)?;
        Ok(self.0.lock().unwrap().remove(key).is_some())
    }
}

#[test]
fn an_item_that_a_store_does_not_take_costs_no_other_one() {
    static ASKED: Mutex<Vec<Vec<u64>>> = Mutex::new(Vec::new());
    #[cache(batch = ids, backend = Picky::default(), keyer = readable)]
    fn values(ids: &[u64]) -> Vec<u64> {
        ASKED.lock().unwrap().push(ids.to_vec());
        ids.to_vec()
    }
    assert_eq!(values(&[12, 13, 14]), [12, 13, 14]);
    assert_eq!(values(&[12, 13, 14]), [12, 13, 14]);
    assert_eq!(*ASKED.lock().unwrap(), [vec![12, 13, 14], vec![13]]);
    assert_eq!(values::entries(&[12, 13, 14]).peek(), [Some(12), None, Some(14)]);
}

#[test]
fn a_limit_that_is_an_expression_may_be_nothing() {
    const NONE: usize = 0;
    #[cache(batch = ids, max_batch = NONE, parallel = NONE)]
    fn values(ids: &[u64]) -> Vec<u64> {
        ids.to_vec()
    }
    assert_eq!(values(&[1, 2]), [1, 2]);
    assert_eq!(values::cache().stats().loads, 2);
}

#[test]
fn a_bypass_neither_looks_nor_asks() {
    static SEEN: std::sync::LazyLock<Arc<Seen>> = std::sync::LazyLock::new(Arc::default);
    #[cache(batch = ids, strategies = [Watch(Arc::clone(&SEEN))])]
    fn values(ids: &[u64]) -> Vec<u64> {
        ids.to_vec()
    }
    assert_eq!(cacher::bypass(|| values(&[3, 3])), [3, 3]);
    assert!(SEEN.reads.lock().unwrap().is_empty() && SEEN.loads.lock().unwrap().is_empty());
}
