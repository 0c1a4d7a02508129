//! What functions returned, recorded and replayed.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    sync::atomic::Ordering::SeqCst,
    time::{Duration, SystemTime},
};

use cacher::{
    Error, Kind, Scope, cache, invalidate_tag, only_if_cached, refresh, registered,
    testing::{ManualClock, TempDir, record, replay},
};

use crate::support::{ends, panics, runs};

/// A file for a recording, in a directory that goes when this does.
struct File(TempDir);

impl File {
    fn new() -> Self {
        Self(TempDir::new())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("recording")
    }
}

#[test]
fn what_was_recorded_is_replayed_without_the_source() {
    runs!(RUNS);
    #[cache(backend = "file:///nowhere", ttl = "1s")]
    fn rate(currency: &str, day: u64) -> Result<(String, f64), Error> {
        RUNS.fetch_add(1, SeqCst);
        Ok((format!("{currency}\t%\n{day}"), 0.5))
    }
    let file = File::new();
    let test = || (rate("EUR", 1).unwrap(), rate("é", 2).unwrap(), rate("EUR", 1).unwrap());
    let recorded = record(file.path(), test);
    assert_eq!((RUNS.load(SeqCst), rate::entry("EUR", 1).peek()), (2, None));
    // Long after, by another clock.
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    clock.advance(Duration::from_secs(1_000_000));
    replay(file.path(), || {
        assert_eq!(test(), recorded);
        clock.advance(Duration::from_secs(1_000_000));
        assert_eq!((test(), rate::cache().len()), (recorded.clone(), 2));
        let error = rate("USD", 1).unwrap_err();
        assert_eq!(error.kind(), Kind::NotCached);
        assert!(error.to_string().contains("was not recorded"), "{error}");
        // Whatever scope is inside, and whatever is done to the entries.
        assert_eq!(refresh(|| rate("USD", 1)).unwrap_err().kind(), Kind::NotCached);
        assert_eq!(only_if_cached(|| rate("USD", 1)).unwrap_err().kind(), Kind::NotCached);
        assert!(refresh(|| rate("EUR", 1)).is_ok());
        rate::cache().clear();
        assert!(rate("EUR", 1).is_err());
    });
    assert_eq!(replay(file.path(), || rate("EUR", 1)).unwrap(), recorded.0);
    assert_eq!(RUNS.load(SeqCst), 2);
}

#[test]
fn a_recording_is_the_same_each_time() {
    #[cache(backend = "file:///nowhere", format = "json", keyer = readable)]
    fn squares(most: u64) -> BTreeMap<u64, u64> {
        (0..most).map(|n| (n, n * n)).collect()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    clock.set_time_of_day(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000));
    let [one, other] = [[3, 5], [5, 3]].map(|order| {
        let file = File::new();
        record(file.path(), || order.map(squares));
        fs::read_to_string(file.path()).unwrap()
    });
    let without_times = |text: &str| text.replace(|letter: char| letter.is_ascii_hexdigit(), "");
    assert_eq!(without_times(&one), without_times(&other));
    assert!(one.starts_with("cacher recording 1, made at 1000000000"), "{one}");
    assert_eq!(one.lines().count(), 3);
    assert!(one.contains("squares\tsquares_most=3\tjson\t"), "{one}");
}

#[test]
fn time_goes_on_for_what_waits() {
    #[cache(backend = "file:///nowhere", rate_limit = "1/50ms")]
    fn limited(key: u64) -> u64 {
        key
    }
    let file = File::new();
    let path = file.path();
    ends(move || record(path, || assert_eq!([limited(1), limited(2), limited(3)], [1, 2, 3])));
    replay(file.path(), || assert_eq!([limited(1), limited(2), limited(3)], [1, 2, 3]));
}

#[test]
fn stores_make_no_room_and_keep_nothing_back() {
    macro_rules! all_recorded {
        ($($argument:tt)*) => {{
            runs!(RUNS);
            #[cache($($argument)*)]
            fn counted(key: u64) -> u64 {
                key * 100 + RUNS.fetch_add(1, SeqCst)
            }
            let file = File::new();
            let test = || [1, 2, 3].map(counted);
            let recorded = record(file.path(), test);
            assert_eq!(replay(file.path(), test), recorded, stringify!($($argument)*));
            assert_eq!(RUNS.load(SeqCst), 3);
        }};
    }
    all_recorded!(backend = "file:///nowhere", capacity = 1);
    all_recorded!(backend = "file:///nowhere?capacity=1");
    all_recorded!(backend = "file:///nowhere", single);
    all_recorded!(backend = "file:///nowhere", write = background);
    all_recorded!(backend = ["memory://?capacity=1", "file:///nowhere", "memory://?format=json"]);
    all_recorded!(backend = registered("nobody has this name")?);
    all_recorded!(backend = "file:///nowhere", format = "json+bare");
}

#[test]
fn tags_are_recorded_too() {
    #[cache(backend = "file:///nowhere", tags = ["recorded:{key}"])]
    fn tagged(key: u64) -> Result<u64, Error> {
        Ok(key)
    }
    let file = File::new();
    record(file.path(), || assert_eq!([tagged(1).unwrap(), tagged(2).unwrap()], [1, 2]));
    replay(file.path(), || {
        // Known from the store alone.
        invalidate_tag("recorded:1");
        assert_eq!(tagged(2).unwrap(), 2);
        invalidate_tag("recorded:2");
        assert!(tagged(2).is_err());
    });
}

#[tokio::test]
async fn futures_batches_and_what_they_call() {
    runs!(RUNS);
    #[cache(backend = "file:///nowhere", batch = keys)]
    async fn many(keys: &[u64]) -> Vec<u64> {
        tokio::task::yield_now().await;
        RUNS.fetch_add(1, SeqCst);
        keys.to_vec()
    }
    #[cache(backend = "file:///nowhere")]
    async fn sum(most: u64) -> u64 {
        let keys: Vec<_> = (0..most).collect();
        let scope = Scope::current();
        tokio::spawn(scope.wrap(async move { many(&keys).await.iter().sum() })).await.unwrap()
    }
    let file = File::new();
    let test = || async { (sum(4).await, many(&[1, 2]).await) };
    let recorded = record(file.path(), test()).await;
    assert_eq!((recorded.clone(), RUNS.load(SeqCst)), ((6, vec![1, 2]), 1));
    assert_eq!(replay(file.path(), test()).await, recorded);
    assert_eq!((replay(file.path(), many(&[3, 0])).await, RUNS.load(SeqCst)), (vec![3, 0], 1));
}

#[test]
fn what_can_not_be_recorded_is_not_replayed() {
    #[cache]
    fn in_memory(key: u64) -> u64 {
        key
    }
    #[cache(backend = "file:///nowhere")]
    fn stored(key: u64) -> Result<u64, Error> {
        if key == 0 { Err(Error::new(Kind::Unavailable, "no source")) } else { Ok(key) }
    }
    let file = File::new();
    record(file.path(), || {
        assert_eq!((in_memory(1), stored(1).unwrap()), (1, 1));
        assert!(stored(0).is_err());
    });
    replay(file.path(), || {
        assert_eq!((stored(1).unwrap(), stored(0).unwrap_err().kind()), (1, Kind::NotCached));
        let said = panics(|| in_memory(1));
        assert!(said.contains("in_memory was not recorded"), "{said}");
    });
}

#[test]
fn trouble_with_the_file_panics() {
    let file = File::new();
    assert!(panics(|| replay(file.path(), || ())).contains("can't read"));
    fs::write(file.path(), "something else\n").unwrap();
    assert!(panics(|| replay(file.path(), || ())).contains("is no recording"));
    assert!(panics(|| record(file.path().join("in a file"), || ())).contains("can't write"));
    // A test that fails leaves the last recording.
    assert_eq!(panics(|| record(file.path(), || panic!("on purpose"))), "on purpose");
    assert_eq!(fs::read_to_string(file.path()).unwrap(), "something else\n");
}
