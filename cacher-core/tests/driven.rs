//! Stores written with futures, as plain stores.

#![cfg(feature = "async_backend")]

use std::{
    collections::BTreeMap,
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime},
};

use cacher_core::{
    backend::{
        Backend, Capabilities, Key, Scanned,
        driven::{AsyncBackend, Driven, Page},
    },
    core::Removal,
    direct::Cache,
    error::{Error, Kind, Result},
    testkit::{ManualClock, conformance},
};

/// What a server would be, and how it behaves.
#[derive(Clone, Default)]
struct Remote {
    entries: Arc<Mutex<Entries>>,
    asked: Arc<AtomicU32>,
    mood: Arc<Mutex<Mood>>,
    patience: Option<Duration>,
    /// Where it was polled.
    threads: Arc<Mutex<Vec<Option<String>>>>,
}

type Entries = BTreeMap<(String, String, &'static str), Vec<u8>>;

#[derive(Clone, Copy, Default, PartialEq)]
enum Mood {
    #[default]
    Well,
    Slow,
    Refusing,
    Silent,
    Panicking,
}

fn place(key: &Key) -> (String, String, &'static str) {
    (key.namespace.to_string(), key.name.to_string(), key.format)
}

impl Remote {
    fn set(&self, mood: Mood) {
        *self.mood.lock().expect("no panic") = mood;
    }

    fn holds(&self, name: &str) -> bool {
        self.entries.lock().expect("no panic").keys().any(|(_, key, _)| key == name)
    }

    fn note_thread(&self) {
        let name = std::thread::current().name().map(str::to_owned);
        self.threads.lock().expect("no panic").push(name);
    }

    async fn answer<T>(&self, what: impl FnOnce(&mut Entries) -> T) -> Result<T> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.note_thread();
        tokio::task::yield_now().await;
        self.note_thread();
        let mood = *self.mood.lock().expect("no panic");
        if mood == Mood::Slow {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        match mood {
            Mood::Well | Mood::Slow => Ok(what(&mut self.entries.lock().expect("no panic"))),
            Mood::Refusing => Err(Error::new(Kind::Unavailable, "connection refused")),
            Mood::Silent => pending().await,
            Mood::Panicking => panic!("a bug in a driver"),
        }
    }
}

impl AsyncBackend for Remote {
    fn describe(&self) -> String {
        "remote".into()
    }

    fn timeout(&self) -> Duration {
        self.patience.unwrap_or(Duration::from_secs(5))
    }

    fn capabilities(&self) -> Capabilities {
        let mut can = Capabilities::default();
        (can.clear, can.scan, can.put_if_absent, can.touch) = (true, true, true, true);
        can
    }

    async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        self.answer(|entries| entries.get(&place(key)).cloned()).await
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>> {
        self.answer(|entries| keys.iter().map(|key| entries.get(&place(key)).cloned()).collect()).await
    }

    async fn put(&self, key: &Key, entry: &[u8], _expires: Option<SystemTime>) -> Result<()> {
        self.answer(|entries| drop(entries.insert(place(key), entry.to_vec()))).await
    }

    async fn remove(&self, key: &Key) -> Result<bool> {
        self.answer(|entries| entries.remove(&place(key)).is_some()).await
    }

    async fn put_if_absent(&self, key: &Key, entry: &[u8], _expires: Option<SystemTime>) -> Result<bool> {
        let put = |entries: &mut Entries| {
            let absent = !entries.contains_key(&place(key));
            if absent {
                entries.insert(place(key), entry.to_vec());
            }
            absent
        };
        self.answer(put).await
    }

    async fn touch(&self, key: &Key, _expires: Option<SystemTime>) -> Result<bool> {
        self.answer(|entries| entries.contains_key(&place(key))).await
    }

    async fn clear(&self, namespace: &str) -> Result<u64> {
        let clear = |entries: &mut Entries| {
            let before = entries.len();
            entries.retain(|(space, ..), _| space != namespace);
            (before - entries.len()) as u64
        };
        self.answer(clear).await
    }

    async fn page(&self, namespace: &str, next: Option<&[u8]>) -> Result<Page> {
        let from: usize = next.map_or(0, |next| usize::from(next[0]));
        let all = self.answer(|entries| entries.clone()).await?;
        let mut rest = all.into_iter().filter(|((space, ..), _)| space == namespace).skip(from);
        let shown = |((space, name, format), entry): ((String, String, _), _)| {
            let key = Key { namespace: space.into(), name: name.into(), format };
            Scanned::new(key, entry)
        };
        let entries: Vec<_> = rest.by_ref().take(2).map(shown).collect();
        let more = rest.next().is_some();
        Ok(Page { entries, next: more.then(|| vec![u8::try_from(from + 2).expect("few")]) })
    }
}

fn key(name: &str) -> Key {
    Key { namespace: "driven".into(), name: name.into(), format: "msgpack" }
}

#[test]
fn the_plain_form_keeps_the_contract() {
    let store = Driven::new(Remote::default());
    conformance::run(|| Arc::new(store.clone()));
}

#[test]
fn it_answers_inside_executors_and_outlives_them() {
    let store = Driven::new(Remote::default());
    for turn in 0..3 {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async { store.put(&key("a"), &[turn], None) }).expect("put");
        drop(runtime);
        assert_eq!(store.get(&key("a")).expect("got"), Some(vec![turn]));
    }
}

#[test]
fn silence_ends_at_the_limit() {
    let remote = Remote { patience: Some(Duration::from_millis(20)), ..Remote::default() };
    remote.set(Mood::Silent);
    let store = Driven::new(remote);
    assert_eq!(store.get(&key("a")).expect_err("no answer").kind(), Kind::Unavailable);
}

#[test]
fn a_panic_of_the_driver_is_an_error_of_the_caller_only() {
    let remote = Remote::default();
    let store = Driven::new(remote.clone());
    remote.set(Mood::Panicking);
    let other = store.clone();
    std::thread::spawn(move || drop(other.get(&key("a")))).join().expect_err("it panicked there");
    remote.set(Mood::Well);
    assert_eq!(store.get(&key("a")).expect("it works again"), None);
}

#[test]
fn a_store_that_fails_is_left_alone_and_tried_again() {
    let clock = ManualClock::new();
    let remote = Remote::default();
    let _time = clock.enter();
    let store = Driven::new(remote.clone());
    remote.set(Mood::Refusing);
    for _ in 0..5 {
        assert_eq!(store.get(&key("a")).expect_err("refused").kind(), Kind::Unavailable);
    }
    assert_eq!(store.get(&key("a")).expect_err("left alone").kind(), Kind::Skipped);
    assert_eq!(remote.asked.load(Ordering::SeqCst), 5);
    clock.advance(Duration::from_secs(1));
    assert_eq!(store.get(&key("a")).expect_err("tried").kind(), Kind::Unavailable);
    assert_eq!(store.get(&key("a")).expect_err("left alone").kind(), Kind::Skipped);
    remote.set(Mood::Well);
    clock.advance(Duration::from_secs(2));
    assert_eq!(store.get(&key("a")).expect("it works again"), None);
    assert_eq!(store.get(&key("b")).expect("for all"), None);
}

#[test]
fn an_answer_that_says_no_is_no_failure() {
    let store = Driven::new(Remote::default());
    for _ in 0..20 {
        assert_eq!(store.written(&key("a")).expect_err("it can't").kind(), Kind::Unsupported);
    }
    assert_eq!(store.get(&key("a")).expect("asked"), None);
}

/// A cache that keeps its values there.
fn cache(remote: &Remote) -> Cache<u64, u64> {
    static NAMES: AtomicU32 = AtomicU32::new(0);
    let name = format!("driven{}", NAMES.fetch_add(1, Ordering::SeqCst));
    Cache::builder().name(name).backend(remote.clone()).build().expect("a cache")
}

#[test]
fn it_begins_where_its_caller_is_and_goes_on_on_the_thread_of_the_library() {
    let remote = Remote::default();
    let store = Driven::new(remote.clone());
    let caller = std::thread::Builder::new().name("caller".into());
    let calling = caller.spawn(move || store.get(&key("a"))).expect("a thread");
    assert_eq!(calling.join().expect("no panic").expect("got"), None);
    let threads = remote.threads.lock().expect("no panic").clone();
    assert_eq!(threads, ["caller", "cacher-io"].map(|name| Some(name.to_owned())));
}

#[test]
fn a_runtime_without_a_timer_will_do() {
    let remote = Remote::default();
    remote.set(Mood::Slow);
    let cache = cache(&remote).nonblocking();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    assert!(runtime.block_on(cache.set(&1, 10)));
    drop(runtime);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    assert_eq!(runtime.block_on(cache.get(&1)), Some(10));
}

/// Polls once.
fn begin<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) {
    let polled = future.poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
    assert!(polled.is_pending(), "it waits for the store");
}

#[test]
fn a_write_whose_caller_is_gone_is_done() {
    let remote = Remote::default();
    remote.set(Mood::Slow);
    let cache = cache(&remote);
    let other = cache.nonblocking();
    let mut setting = Box::pin(other.set(&1, 10));
    begin(setting.as_mut());
    drop(setting);
    remote.set(Mood::Well);
    // It waits for the write, which nobody else looks after.
    assert_eq!(cache.entry(&1).invalidate(), Removal::Removed);
    assert_eq!(cache.get(&1), None);
    assert_eq!(remote.entries.lock().expect("no panic").len(), 0);
}

#[test]
fn a_write_is_done_while_its_caller_looks_elsewhere() {
    let remote = Remote::default();
    remote.set(Mood::Slow);
    let cache = cache(&remote);
    let other = cache.nonblocking();
    let mut setting = Box::pin(other.set(&1, 10));
    begin(setting.as_mut());
    remote.set(Mood::Well);
    assert_eq!(cache.entry(&1).invalidate(), Removal::Removed);
    drop(setting);
    assert_eq!(cache.get(&1), None);
}

#[test]
fn a_read_whose_caller_is_gone_is_no_failure_of_the_store() {
    let remote = Remote::default();
    let cache = cache(&remote);
    remote.set(Mood::Slow);
    let other = cache.nonblocking();
    for key in 0..20 {
        let mut getting = Box::pin(other.get(&key));
        begin(getting.as_mut());
    }
    assert!(cache.set(&1, 10));
    assert_eq!((cache.get(&1), cache.stats().store_errors), (Some(10), 0));
}

/// What each shell finds of some keys, and how often these stores were asked for it.
fn found(cache: &Cache<u64, u64>, keys: &[u64], stores: [&Remote; 2]) -> [(Vec<Option<u64>>, [u32; 2]); 2] {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let asked = || stores.map(|store| store.asked.swap(0, Ordering::SeqCst));
    asked();
    let plainly = (cache.get_many(keys), asked());
    [plainly, (runtime.block_on(cache.nonblocking().get_many(keys)), asked())]
}

#[test]
fn many_are_asked_for_at_once() {
    let remote = Remote::default();
    let cache = cache(&remote);
    for key in [1, 2, 4] {
        cache.set(&key, key * 10);
    }
    let expected = vec![Some(40), Some(10), None, Some(10)];
    for (values, asked) in found(&cache, &[4, 1, 3, 1], [&remote, &Remote::default()]) {
        assert_eq!((values, asked), (expected.clone(), [1, 0]));
    }
    assert_eq!((cache.stats().hits, cache.stats().misses), (6, 2));
    let all: Vec<_> = (0..300).collect();
    let [(values, asked), _] = found(&cache, &all, [&remote, &Remote::default()]);
    assert_eq!((values[4], values.iter().flatten().count(), asked), (Some(40), 3, [1, 0]));
    remote.set(Mood::Refusing);
    assert_eq!(cache.get_many(&[1, 2]), [None, None]);
    assert_eq!(cache.stats().store_errors, 1, "of one operation");
}

#[test]
fn what_the_first_of_two_stores_lacks_of_many_comes_from_the_second() {
    let (first, second) = (Remote::default(), Remote::default());
    let name = "driven_tiers";
    let behind: Cache<u64, u64> = Cache::builder().name(name).backend(second.clone()).build().expect("a cache");
    for key in [1, 2] {
        behind.set(&key, key * 10);
    }
    drop(behind);
    let builder = Cache::builder().name(name).backend(first.clone()).backend(second.clone());
    let cache: Cache<u64, u64> = builder.build().expect("a cache");
    cache.set(&3, 30);
    second.entries.lock().expect("no panic").retain(|(_, key, _), _| !first.holds(key));
    let [(values, asked), again] = found(&cache, &[1, 2, 3, 4], [&first, &second]);
    // The first is asked once, and given two; the second is asked once, for three.
    assert_eq!((values, asked), (vec![Some(10), Some(20), Some(30), None], [3, 1]));
    assert_eq!(again, (vec![Some(10), Some(20), Some(30), None], [1, 1]));
}

#[test]
fn what_was_invalidated_while_many_were_read_is_not_kept() {
    let remote = Remote::default();
    let fill = |builder: cacher_core::direct::CacheBuilder<u64, u64>| builder.backend(remote.clone()).build();
    let behind = fill(Cache::builder().name("driven_fenced")).expect("a cache");
    for key in [1, 2] {
        behind.set(&key, key * 10);
    }
    drop(behind);
    let cache = fill(Cache::builder().name("driven_fenced").backend("memory://")).expect("a cache");
    remote.set(Mood::Slow);
    let other = cache.nonblocking();
    let mut reading = Box::pin(other.get_many(&[1, 2]));
    begin(reading.as_mut());
    assert_eq!(cache.entry(&1).invalidate(), Removal::Removed);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    assert_eq!(runtime.block_on(reading)[1], Some(20));
    remote.set(Mood::Refusing);
    assert_eq!((cache.get(&1), cache.get(&2)), (None, Some(20)), "only what stands is in memory");
}

#[test]
fn a_thread_that_ends_may_still_ask() {
    struct AsksAtLast(Cache<u64, u64>);
    impl Drop for AsksAtLast {
        fn drop(&mut self) {
            self.0.set(&2, 20);
        }
    }
    thread_local!(static LAST: std::cell::RefCell<Option<AsksAtLast>> = const { std::cell::RefCell::new(None) });
    let remote = Remote::default();
    let cache = cache(&remote);
    let inner = cache.clone();
    // The first of its thread-locals goes last.
    let ending = std::thread::spawn(move || {
        LAST.set(Some(AsksAtLast(inner.clone())));
        inner.set(&1, 10);
    });
    ending.join().expect("no panic");
    assert_eq!((cache.get(&1), cache.get(&2)), (Some(10), Some(20)));
}

/// A store that asks another one, and waits for it on its thread.
struct Blocking(Driven<Remote>);

impl AsyncBackend for Blocking {
    fn describe(&self) -> String {
        "blocking".into()
    }

    async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        self.0.get(key)
    }

    async fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<()> {
        tokio::task::yield_now().await;
        self.0.put(key, entry, expires)
    }

    async fn remove(&self, key: &Key) -> Result<bool> {
        self.0.remove(key)
    }
}

#[test]
fn a_store_that_waits_for_another_is_told_so_from_its_first_step_on() {
    let store = Driven::new(Blocking(Driven::new(Remote::default())));
    assert_eq!(store.get(&key("a")).expect_err("it may not").kind(), Kind::Invalid);
    assert_eq!(store.put(&key("a"), &[1], None).expect_err("it may not").kind(), Kind::Invalid);
}
