//! What a cached value depends on beside its arguments.

use std::{
    fs,
    path::Path,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, SystemTime},
};

use cacher::{Removal, cache, testing::TempDir};

use super::recorder::Recorder;
use crate::support::runs;

#[test]
fn a_changed_value_is_another_entry() {
    static STORE: LazyLock<Recorder> = LazyLock::new(Recorder::default);
    runs!(RUNS, EPOCH);
    #[cache(backend = STORE.clone(), depends_on = [EPOCH.load(SeqCst), n.is_multiple_of(2)])]
    fn value(n: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst);
        n + EPOCH.load(SeqCst)
    }
    assert_eq!((value(1), value(1)), (1, 1));
    EPOCH.store(5, SeqCst);
    assert_eq!(value::entry(1).peek(), None);
    assert_eq!((value(1), value(1)), (6, 6));
    assert_eq!(value::entry(1).peek(), Some(6));
    EPOCH.store(0, SeqCst);
    assert_eq!(value(1), 1);
    assert_eq!((RUNS.load(SeqCst), STORE.names().len()), (2, 2));
    assert_eq!(value::entry(1).invalidate(), Removal::Removed);
    EPOCH.store(5, SeqCst);
    assert_eq!(value::entry(1).peek(), Some(6));
}

#[test]
fn arguments_are_left_to_the_body() {
    #[cache(depends_on = [cacher::modified(path), text.len()])]
    fn read(path: std::path::PathBuf, text: String) -> (String, String) {
        (path.display().to_string(), text)
    }
    assert_eq!(read("none".into(), "a".into()), ("none".into(), "a".into()));
    assert!(read::entry("none".into(), "a".into()).contains());
}

struct Rates {
    edition: AtomicU64,
}

impl Rates {
    #[cache(ignore = [self], depends_on = [self.edition.load(SeqCst)])]
    pub(crate) async fn rate(&self, day: u64) -> u64 {
        std::future::ready(day + self.edition.load(SeqCst)).await
    }
}

#[tokio::test]
async fn it_may_be_a_part_of_self() {
    let rates = Rates { edition: AtomicU64::new(1) };
    assert_eq!(rates.rate(1).await, 2);
    rates.edition.store(10, SeqCst);
    assert_eq!(rates.rate(1).await, 11);
    assert_eq!(rates.rate_entry(1).peek().await, Some(11));
}

#[test]
fn a_value_holds_while_its_file_is_unchanged() {
    runs!(RUNS);
    #[cache(depends_on = [cacher::modified(path)])]
    fn words(path: &Path) -> Option<usize> {
        RUNS.fetch_add(1, SeqCst);
        Some(fs::read_to_string(path).ok()?.split(' ').count())
    }
    let dir = TempDir::new();
    let path = dir.path().join("dump");
    let write = |text: &str, time: SystemTime| {
        fs::write(&path, text).unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    };
    let monday = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    assert_eq!((words(&path), words(&path)), (None, None));
    write("a b c", monday);
    assert_eq!((words(&path), words(&path)), (Some(3), Some(3)));
    write("a bcd", monday + Duration::from_secs(1));
    assert_eq!(words(&path), Some(2), "the same length, another time");
    write("a b c d", monday + Duration::from_secs(1));
    assert_eq!(words(&path), Some(4), "the same time, another length");
    assert_eq!(RUNS.load(SeqCst), 4);
    fs::remove_file(&path).unwrap();
    assert_eq!(words(&path), None, "as it was at first");
    assert_eq!(RUNS.load(SeqCst), 4);
}
