//! Batches over every store of this machine, alone and one behind another.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, SystemTime},
};

use cacher::{
    Removal,
    backend::{Backend, Capabilities, Cost, Key, Put, Scanned, bytes::Bytes, file::Files},
    cache,
    error::{Error, Kind, Result},
    testing::{ManualClock, TempDir},
};

/// What bodies were asked for.
#[derive(Default)]
pub(crate) struct Calls(Mutex<Vec<Vec<u64>>>);

impl Calls {
    fn note(&self, ids: &[u64]) {
        self.0.lock().unwrap().push(ids.to_vec());
    }
    fn take(&self) -> Vec<Vec<u64>> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// A directory for all tests of this process.
fn dir() -> &'static Path {
    static DIR: LazyLock<TempDir> = LazyLock::new(TempDir::new);
    DIR.path()
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

macro_rules! on_stores {
    ($($(#[$cfg:meta])* $name:ident: [$($backend:tt)*];)*) => {$(
        $(#[$cfg])*
        #[tokio::test]
        async fn $name() {
            #[cache(batch = ids, backend = [$($backend)*], ignore = [calls])]
            fn values(ids: &[u64], lang: &str, calls: &Calls) -> std::result::Result<Vec<Option<String>>, String> {
                calls.note(ids);
                Ok(ids.iter().map(|id| (id % 5 != 4).then(|| format!("{id} {lang}"))).collect())
            }
            #[cache(
                batch = ids, backend = [$($backend)*], ignore = [calls], none_ttl = "1h", max_batch = 2, parallel = 2
            )]
            async fn later(ids: &[u64], lang: &str, calls: &Calls) -> Vec<Option<String>> {
                calls.note(ids);
                tokio::task::yield_now().await;
                ids.iter().map(|id| (id % 5 != 4).then(|| format!("{id} {lang}"))).collect()
            }
            let calls = Calls::default();
            let expected = |ids: &[u64]| -> Vec<_> {
                ids.iter().map(|id| (id % 5 != 4).then(|| format!("{id} de"))).collect()
            };
            for ids in [&[1, 2][..], &[2, 3, 4, 1, 3], &[3, 4]] {
                assert_eq!(values(ids, "de", &calls).as_ref(), Ok(&expected(ids)));
            }
            assert_eq!(calls.take(), [vec![1, 2], vec![3, 4], vec![4]]);
            let entries = values::entries(&[1, 3, 4, 9], "de");
            assert_eq!(entries.peek(), [Some("1 de".to_owned()), Some("3 de".to_owned()), None, None]);
            assert_eq!(values::entries(&[9, 1], "de").insert(["nine".to_owned(), "one".to_owned()]), 2);
            assert_eq!(entries.contains(), [true, true, false, true]);
            assert_eq!(values(&[9, 1, 2], "de", &calls).unwrap(), ["nine", "one", "2 de"].map(|text| Some(text.to_owned())));
            assert_eq!(entries.invalidate(), Removal::Removed);
            assert_eq!(entries.contains(), [false; 4]);
            assert_eq!(entries.invalidate(), Removal::Absent);
            assert_eq!(values::refresh(&[2, 5, 2], "de", &calls).unwrap(), expected(&[2, 5, 2]));
            assert_eq!(calls.take(), [vec![2, 5]]);

            for ids in [&[1, 2][..], &[2, 3, 4, 1, 3], &[3, 4]] {
                assert_eq!(later(ids, "de", &calls).await, expected(ids));
            }
            assert_eq!(calls.take(), [vec![1, 2], vec![3, 4]]);
            assert_eq!(later::entries(&[4, 5], "de").peek().await, [Some(None), None]);
            assert_eq!(later::entries(&[4, 5], "de").invalidate().await, Removal::Removed);
            assert_eq!(later(&[4, 3], "de", &calls).await, expected(&[4, 3]));
            assert_eq!(calls.take(), [[4]]);
            assert_eq!((values::cache().stats().store_errors, later::cache().stats().store_errors), (0, 0));
        }
    )*};
}

fn at(scheme: &str, place: &str) -> String {
    format!("{scheme}://{}", dir().join(place).display())
}

on_stores! {
    bytes: ["memory://?format=json"];
    bytes_behind_memory: ["memory://", "memory://?format=msgpack"];
    bytes_behind_bytes: ["memory://?format=json", "memory://?format=msgpack"];
    files: [at("file", "files")];
    files_behind_memory: ["memory://?capacity=1", at("file", "files_behind_memory")];
    files_that_are_written_later: [LATER.clone()];
    #[cfg(feature = "json_file")]
    a_json_file: [at("json", "values.json")];
    #[cfg(feature = "sqlite")]
    a_database: [at("sqlite", "values.db")];
    #[cfg(feature = "lmdb")]
    mapped_memory: [at("lmdb", "values.lmdb")];
    #[cfg(all(feature = "sqlite", feature = "lmdb"))]
    three_places: ["memory://?capacity=2", at("lmdb", "three.lmdb"), at("sqlite", "three.db")];
}

static LATER: LazyLock<Arc<Flaky>> =
    LazyLock::new(|| Arc::new(Flaky { cost: Some(Cost::Blocking), ..Flaky::default() }));

/// A store that may fail, and counts how it is asked.
#[derive(Default)]
struct Flaky {
    entries: Mutex<HashMap<Key, Vec<u8>>>,
    fails: AtomicBool,
    single: AtomicU64,
    many: AtomicU64,
    cost: Option<Cost>,
}

impl Flaky {
    fn counts(&self) -> (u64, u64) {
        (self.single.swap(0, SeqCst), self.many.swap(0, SeqCst))
    }
    fn check(&self, count: &AtomicU64) -> Result<()> {
        count.fetch_add(1, SeqCst);
        if self.fails.load(SeqCst) { Err(Error::new(Kind::Unavailable, "it is away")) } else { Ok(()) }
    }
}

impl Backend for Flaky {
    fn describe(&self) -> String {
        format!("flaky {self:p}")
    }
    fn cost(&self) -> Cost {
        self.cost.unwrap_or(Cost::InPlace)
    }
    fn capabilities(&self) -> Capabilities {
        let mut all = Capabilities::default();
        (all.clear, all.scan) = (true, true);
        all
    }
    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        self.check(&self.single)?;
        Ok(self.entries.lock().unwrap().get(key).cloned())
    }
    fn put(&self, key: &Key, entry: &[u8], _expires: Option<SystemTime>) -> Result<()> {
        self.check(&self.single)?;
        self.entries.lock().unwrap().insert(key.clone(), entry.to_vec());
        Ok(())
    }
    fn remove(&self, key: &Key) -> Result<bool> {
        self.check(&self.single)?;
        Ok(self.entries.lock().unwrap().remove(key).is_some())
    }
    fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>> {
        self.check(&self.many)?;
        let entries = self.entries.lock().unwrap();
        Ok(keys.iter().map(|key| entries.get(key).cloned()).collect())
    }
    fn put_many(&self, puts: &[Put]) -> Result<()> {
        self.check(&self.many)?;
        self.entries.lock().unwrap().extend(puts.iter().map(|put| (put.key.clone(), put.entry.clone())));
        Ok(())
    }
    fn remove_many(&self, keys: &[Key]) -> Result<u64> {
        self.check(&self.many)?;
        let mut entries = self.entries.lock().unwrap();
        Ok(keys.iter().filter(|key| entries.remove(*key).is_some()).count() as u64)
    }
    fn clear(&self, namespace: &str) -> Result<u64> {
        self.check(&self.single)?;
        let mut entries = self.entries.lock().unwrap();
        let before = entries.len();
        entries.retain(|key, _| *key.namespace != *namespace);
        Ok((before - entries.len()) as u64)
    }
    fn scan(&self, namespace: &str, visit: &mut dyn FnMut(Scanned) -> bool) -> Result<()> {
        let entries = self.entries.lock().unwrap().clone();
        let own = entries.into_iter().filter(|(key, _)| *key.namespace == *namespace);
        let _ = own.map(|(key, entry)| Scanned::new(key, entry)).all(visit);
        Ok(())
    }
}

#[test]
fn each_tier_is_asked_once_and_filled_once() {
    static FAR: LazyLock<Arc<Flaky>> = LazyLock::new(Arc::default);
    static NEAR: LazyLock<Arc<Flaky>> = LazyLock::new(Arc::default);
    #[cache(batch = ids, backend = ["memory://", Arc::clone(&NEAR), Arc::clone(&FAR)], ttl = "1h")]
    fn values(ids: &[u64]) -> Vec<u64> {
        ids.iter().map(|id| id * 2).collect()
    }
    let counts = || (NEAR.counts(), FAR.counts());
    let ids: Vec<_> = (0..100).collect();
    let doubled: Vec<_> = ids.iter().map(|id| id * 2).collect();
    assert_eq!(values(&ids), doubled);
    assert_eq!(counts(), ((0, 2), (0, 2)), "one read and one write each");
    assert_eq!(values(&ids), doubled);
    assert_eq!(counts(), ((0, 0), (0, 0)), "memory has them");
}

#[test]
fn what_is_found_further_away_fills_what_is_nearer() {
    static FAR: LazyLock<Arc<Flaky>> = LazyLock::new(Arc::default);
    static NEAR: LazyLock<Arc<Flaky>> = LazyLock::new(Arc::default);
    #[cache(batch = ids, backend = [Arc::clone(&NEAR), Arc::clone(&FAR)], ttl = "1h")]
    fn values(ids: &[u64]) -> Vec<u64> {
        ids.iter().map(|id| id * 2).collect()
    }
    let counts = || (NEAR.counts(), FAR.counts());
    let ids: Vec<_> = (0..100).collect();
    let doubled: Vec<_> = ids.iter().map(|id| id * 2).collect();
    values(&ids[..60]);
    NEAR.entries.lock().unwrap().clear();
    counts();
    assert_eq!(values(&ids), doubled);
    // Both are read; what the far one had goes to the near one, what neither had to both.
    assert_eq!(counts(), ((0, 3), (0, 2)));
    assert_eq!(values(&ids), doubled);
    assert_eq!(counts(), ((0, 1), (0, 0)));
    let stats = values::cache().stats();
    assert_eq!((stats.hits, stats.misses, stats.items), (160, 100, 100));
    assert_eq!(values::entries(&ids).invalidate(), Removal::Removed);
    assert_eq!(counts(), ((0, 1), (0, 1)));
}

#[test]
fn a_tier_that_fails_costs_nobody_a_value() {
    static FAR: LazyLock<Arc<Flaky>> = LazyLock::new(Arc::default);
    static NEAR: LazyLock<Arc<Flaky>> = LazyLock::new(Arc::default);
    #[cache(batch = ids, backend = [Arc::clone(&NEAR), Arc::clone(&FAR)], ttl = "1h", ignore = [calls])]
    fn values(ids: &[u64], calls: &Calls) -> Vec<u64> {
        calls.note(ids);
        ids.iter().map(|id| id * 2).collect()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let calls = Calls::default();
    assert_eq!(values(&[1, 2], &calls), [2, 4]);
    for (failing, other) in [(&NEAR, &FAR), (&FAR, &NEAR)] {
        failing.fails.store(true, SeqCst);
        calls.take();
        assert_eq!(values(&[1, 2], &calls), [2, 4]);
        assert!(calls.take().is_empty(), "the other one has them");
        let new = if Arc::ptr_eq(failing, &NEAR) { 10 } else { 20 };
        assert_eq!(values(&[1, new], &calls), [2, new * 2]);
        assert_eq!(values(&[new, 2], &calls), [new * 2, 4]);
        assert_eq!(calls.take(), [[new]]);
        assert_eq!(values::entries(&[new, 1]).invalidate(), Removal::Pending);
        assert_eq!(values(&[new, 1, 2], &calls), [new * 2, 2, 4], "and nothing old");
        assert_eq!(calls.take(), [[new, 1]]);
        failing.fails.store(false, SeqCst);
        for _ in 0..10 {
            clock.advance(Duration::from_secs(1));
        }
        assert_eq!(values(&[new, 1, 2], &calls), [new * 2, 2, 4]);
        assert!(!other.entries.lock().unwrap().is_empty());
    }
    NEAR.fails.store(true, SeqCst);
    FAR.fails.store(true, SeqCst);
    assert_eq!(values(&[30, 31], &calls), [60, 62]);
    assert_eq!(values(&[30, 31], &calls), [60, 62]);
    assert!(values::cache().stats().store_errors >= 8);
}

#[test]
fn each_item_lives_as_long_as_its_own_value_says() {
    #[cache(
        batch = ids,
        backend = ["memory://", "memory://?format=json"],
        ttl = |value: &u64| Duration::from_secs(*value),
        ignore = [calls]
    )]
    fn values(ids: &[u64], calls: &Calls) -> Vec<u64> {
        calls.note(ids);
        ids.to_vec()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let calls = Calls::default();
    values(&[10, 20, 30], &calls);
    for (seconds, missing) in [(11, vec![10]), (10, vec![10, 20]), (8, vec![])] {
        clock.advance(Duration::from_secs(seconds));
        assert_eq!(values(&[10, 20, 30], &calls), [10, 20, 30]);
        calls.0.lock().unwrap().retain(|ids| ids.len() < 3);
        assert_eq!(calls.take().pop().unwrap_or_default(), missing, "after {seconds} s");
    }
    clock.advance(Duration::from_secs(2));
    assert_eq!(values::entries(&[10, 20, 30]).contains(), [false, true, false]);
}

#[test]
fn secrets_stand_nowhere() {
    static STORE: LazyLock<Arc<Flaky>> = LazyLock::new(Arc::default);
    #[cache(batch = ids, backend = Arc::clone(&STORE), secret = [api_key], ignore = [calls])]
    fn values(ids: &[u64], api_key: &str, lang: &str, calls: &Calls) -> Vec<String> {
        calls.note(ids);
        ids.iter().map(|id| format!("{id} {lang} {}", api_key.len())).collect()
    }
    cacher::set_secret_key([7; 32]).unwrap();
    let calls = Calls::default();
    assert_eq!(values(&[1, 2], "hunter-two", "de", &calls), ["1 de 10", "2 de 10"]);
    assert_eq!(values(&[2, 3], "hunter-two", "de", &calls), ["2 de 10", "3 de 10"]);
    assert_eq!(values(&[2], "another", "de", &calls), ["2 de 7"]);
    assert_eq!(calls.take(), [vec![1, 2], vec![3], vec![2]]);
    let entries = STORE.entries.lock().unwrap();
    assert_eq!(entries.len(), 4);
    for (key, entry) in entries.iter() {
        let shown = format!("{key:?} {}", String::from_utf8_lossy(entry));
        assert!(!shown.contains("hunter") && !shown.contains("another"), "{shown}");
    }
}

#[cfg(feature = "encrypt")]
#[test]
fn what_is_encrypted_under_an_earlier_key_is_read_in_one_go() {
    // The key of this process is set once, so what is of earlier is put there by another store.
    static STORE: LazyLock<Arc<Flaky>> = LazyLock::new(Arc::default);
    #[cache(batch = ids, backend = Arc::clone(&STORE), format = "json+encrypt", ignore = [calls], name = "encrypted")]
    fn values(ids: &[u64], calls: &Calls) -> Vec<u64> {
        calls.note(ids);
        ids.iter().map(|id| id * 2).collect()
    }
    cacher::set_secret_key([7; 32]).unwrap();
    cacher::add_decryption_key([8; 32]);
    cacher::add_decryption_key([9; 32]);
    let (calls, ids) = (Calls::default(), (0..100).collect::<Vec<_>>());
    let doubled: Vec<_> = ids.iter().map(|id| id * 2).collect();
    assert_eq!(values(&ids, &calls), doubled);
    // A read under each of three keys; a write, and the removal of what may stand under the earlier ones.
    assert_eq!(STORE.counts(), (0, 5));
    assert_eq!(values(&ids, &calls), doubled);
    assert_eq!((STORE.counts(), calls.take().len()), ((0, 1), 1));
    assert!(!format!("{:?}", STORE.entries.lock().unwrap()).contains("\"2\""));
    assert_eq!(values::entries(&ids).invalidate(), Removal::Removed);
    assert_eq!(STORE.counts(), (0, 1));
    assert!(STORE.entries.lock().unwrap().is_empty());
}

#[test]
fn bare_values_are_kept_item_by_item() {
    static DIR: LazyLock<TempDir> = LazyLock::new(TempDir::new);
    #[cache(batch = ids, backend = Files::new(DIR.path()), format = "json+bare", keyer = readable, ignore = [calls])]
    fn values(ids: &[u64], calls: &Calls) -> HashMap<u64, String> {
        calls.note(ids);
        ids.iter().map(|id| (*id, format!("value {id}"))).collect()
    }
    let calls = Calls::default();
    values(&[1, 2], &calls);
    let files = files_below(DIR.path());
    assert_eq!(files.len(), 2);
    let one = files.iter().find(|file| file.to_string_lossy().contains("ids=1")).unwrap();
    assert_eq!(fs::read_to_string(one).unwrap().trim(), "\"value 1\"");
    fs::write(one, "\"by hand\"").unwrap();
    assert_eq!(values(&[1, 2, 3], &calls)[&1], "by hand");
    assert_eq!(calls.take(), [vec![1, 2], vec![3]]);
}

#[test]
fn damage_of_one_entry_is_a_miss_of_that_one() {
    static DIR: LazyLock<TempDir> = LazyLock::new(TempDir::new);
    #[cache(batch = ids, backend = Files::new(DIR.path()), keyer = readable, ignore = [calls])]
    fn values(ids: &[u64], calls: &Calls) -> Vec<u64> {
        calls.note(ids);
        ids.to_vec()
    }
    let calls = Calls::default();
    values(&[1, 2, 3], &calls);
    let two = files_below(DIR.path()).into_iter().find(|file| file.to_string_lossy().contains("ids=2")).unwrap();
    fs::write(two, "{").unwrap();
    assert_eq!(values(&[1, 2, 3], &calls), [1, 2, 3]);
    assert_eq!(values(&[1, 2, 3], &calls), [1, 2, 3]);
    assert_eq!(calls.take(), [vec![1, 2, 3], vec![2]]);
    assert_eq!(values::cache().stats().store_errors, 1);
}

#[test]
fn what_can_not_be_written_costs_no_other_item() {
    #[cache(batch = ids, backend = Bytes::new(), format = "json", ignore = [calls])]
    fn values(ids: &[u64], calls: &Calls) -> Vec<f64> {
        calls.note(ids);
        #[expect(clippy::cast_precision_loss, reason = "small")]
        ids.iter().map(|id| if *id == 2 { f64::NAN } else { *id as f64 }).collect()
    }
    let calls = Calls::default();
    assert!(values(&[1, 2, 3], &calls)[1].is_nan());
    assert!(values(&[1, 2, 3], &calls)[1].is_nan());
    assert_eq!(calls.take(), [vec![1, 2, 3], vec![2]]);
}

#[test]
fn what_is_written_in_the_background_is_found_at_once() {
    static STORE: LazyLock<Arc<Flaky>> = LazyLock::new(Arc::default);
    #[cache(batch = ids, backend = Arc::clone(&STORE), write = background, ignore = [calls])]
    fn values(ids: &[u64], calls: &Calls) -> Vec<u64> {
        calls.note(ids);
        ids.to_vec()
    }
    let calls = Calls::default();
    values(&[1, 2], &calls);
    assert_eq!(values(&[2, 3, 1], &calls), [2, 3, 1]);
    values::entries(&[1]).invalidate();
    assert_eq!(values(&[1, 2], &calls), [1, 2]);
    assert_eq!(calls.take(), [vec![1, 2], vec![3], vec![1]]);
}

#[test]
fn revisions_of_items_are_kept() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    #[cache(batch = ids, backend = Bytes::new(), revisions = 3)]
    fn values(ids: &[u64]) -> Vec<u64> {
        let run = RUNS.fetch_add(1, SeqCst);
        ids.iter().map(|id| id * 100 + run).collect()
    }
    assert_eq!(values(&[1, 2]), [100, 200]);
    assert_eq!(values::refresh(&[1, 2]), [101, 201]);
    assert_eq!(values::entry(2).revision(-2), Some(200));
    assert_eq!(values(&[2, 1]), [201, 101]);
}
