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
}

type Entries = BTreeMap<(String, String, &'static str), Vec<u8>>;

#[derive(Clone, Copy, Default, PartialEq)]
enum Mood {
    #[default]
    Well,
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

    async fn answer<T>(&self, what: impl FnOnce(&mut Entries) -> T) -> Result<T> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        let mood = *self.mood.lock().expect("no panic");
        match mood {
            Mood::Well => Ok(what(&mut self.entries.lock().expect("no panic"))),
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
