use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::SystemTime,
};

use cacher_core::{
    backend::{Backend, Key, bytes::Bytes},
    error::{Error, Kind, Result},
    testkit::conformance,
    wrap::{
        background::{Background, Backgrounded},
        revised::Revised,
    },
};

use crate::{key, watched::Watched};

fn put(store: &Revised, entry: &str) {
    store.put(&key("a"), entry.as_bytes(), None).unwrap();
}

fn revision(store: &Revised, number: i64) -> Option<String> {
    store.revision(&key("a"), number).unwrap().map(|entry| String::from_utf8(entry).unwrap())
}

fn named(store: &Revised, name: &str) -> Option<String> {
    store.named(&key("a"), name).unwrap().map(|entry| String::from_utf8(entry).unwrap())
}

/// Number, place from the end, and names of each.
fn list(store: &Revised) -> Vec<(u64, Option<i64>, String)> {
    let revisions = store.revisions(&key("a")).unwrap();
    revisions.into_iter().map(|one| (one.number, one.from_end, one.names.join(" "))).collect()
}

#[test]
fn revisions_keep_the_contract() {
    let store = Bytes::new();
    conformance::run(|| Arc::new(Revised::new(store.clone(), 3)));
}

#[cfg(feature = "file")]
#[test]
fn revisions_in_files_keep_the_contract() {
    use cacher_core::{backend::file::Files, testkit::TempDir};
    let dir = TempDir::new();
    conformance::run(|| Arc::new(Revised::new(Files::new(dir.path()), 3)));
}

#[test]
fn revisions_written_in_the_background_keep_the_contract() {
    let store = Backgrounded::with(Bytes::new(), Background::new().capacity(8));
    conformance::run(|| Arc::new(Revised::new(store.clone(), 3)));
}

#[test]
fn cch_55_the_latest_are_kept_and_those_with_names() {
    let inner = Bytes::new();
    let store = Revised::new(inner.clone(), 5);
    let none = store.pin(&key("a"), "stable").unwrap_err();
    assert_eq!(none.kind(), Kind::NotCached);
    put(&store, "v1");
    store.pin(&key("a"), "stable").unwrap();
    ["v2", "v3", "v4", "v5", "v6", "v7"].iter().for_each(|entry| put(&store, entry));
    assert_eq!(store.get(&key("a")).unwrap().as_deref(), Some(&b"v7"[..]));
    assert_eq!([-1, -2, -5, -6, 1, 2, 7, 8, 0].map(|number| revision(&store, number)), {
        let some = |text: &str| Some(text.to_owned());
        [some("v7"), some("v6"), some("v3"), None, some("v1"), None, some("v7"), None, None]
    });
    assert_eq!(named(&store, "stable").as_deref(), Some("v1"));
    assert_eq!(list(&store)[0], (1, None, "stable".into()));
    assert_eq!(list(&store).len(), 6);
    // What another process wrote is found by one that starts.
    let again = Revised::new(inner, 5);
    assert_eq!((named(&again, "stable"), list(&again)), (named(&store, "stable"), list(&store)));
    assert_eq!(again.clear_unpinned(&key("a")).unwrap(), 4);
    assert_eq!(list(&store), [(1, None, "stable".into()), (7, Some(-1), String::new())]);
    assert!(store.unpin(&key("a"), "stable").unwrap());
    assert!(!store.unpin(&key("a"), "stable").unwrap());
    assert_eq!((named(&store, "stable"), list(&store).len()), (None, 1));
    store.pin(&key("a"), "last").unwrap();
    assert!(store.remove(&key("a")).unwrap());
    assert_eq!((list(&store).len(), named(&store, "last"), revision(&store, -1)), (0, None, None));
}

#[test]
fn a_name_moves_to_the_latest() {
    let store = Revised::new(Bytes::new(), 1);
    put(&store, "v1");
    store.pin(&key("a"), "good").unwrap();
    put(&store, "v2");
    store.pin(&key("a"), "good").unwrap();
    assert_eq!((named(&store, "good").as_deref(), list(&store)), (Some("v2"), vec![(2, Some(-1), "good".into())]));
}

#[test]
fn an_equal_value_is_no_further_revision() {
    let store = Revised::new(Bytes::new(), 5);
    ["v1", "v1", "v2", "v1"].iter().for_each(|entry| put(&store, entry));
    assert_eq!(list(&store).into_iter().map(|one| one.0).collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn what_a_crash_left_out_of_the_record_is_found_beside_it() {
    let inner = Bytes::new();
    let store = Revised::new(inner.clone(), 5);
    put(&store, "v1");
    // As far as a write comes before the record.
    inner.put(&key("a"), b"v2", None).unwrap();
    assert_eq!((revision(&store, -1).as_deref(), revision(&store, -2).as_deref()), (Some("v2"), Some("v1")));
    put(&store, "v3");
    assert_eq!([1, 2, 3].map(|number| revision(&store, number).unwrap()), ["v1", "v2", "v3"]);
}

/// A store that takes some puts more, as if the process died then.
struct Dying {
    store: Bytes,
    puts_left: AtomicU64,
}

impl Backend for Dying {
    fn describe(&self) -> String {
        "dying".into()
    }

    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        self.store.get(key)
    }

    fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<()> {
        let left = self.puts_left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1));
        left.map_err(|_| Error::new(Kind::Unavailable, "dead"))?;
        self.store.put(key, entry, expires)
    }

    fn remove(&self, key: &Key) -> Result<bool> {
        self.store.remove(key)
    }
}

#[test]
fn nothing_that_stood_is_lost_by_one_crash_after_another() {
    let lives = (0..4).flat_map(|one| (0..4).flat_map(move |two| (0..4).map(move |three| [one, two, three])));
    for lives in lives {
        let (inner, mut stood) = (Bytes::new(), Vec::new());
        for (puts, entry) in lives.into_iter().zip(["v1", "v2", "v3"]) {
            let dying = Dying { store: inner.clone(), puts_left: AtomicU64::new(puts) };
            let _ = Revised::new(dying, 5).put(&key("a"), entry.as_bytes(), None);
            if inner.get(&key("a")).unwrap().as_deref() == Some(entry.as_bytes()) {
                stood.push(entry);
            }
        }
        let whole = Revised::new(inner, 5);
        let kept: Vec<_> = (1..=3).filter_map(|number| revision(&whole, number)).collect();
        assert_eq!(kept, stood, "{lives:?}");
    }
}

#[test]
fn a_clearing_takes_the_revisions_along_and_a_scan_shows_none() {
    let inner = Bytes::new();
    let store = Revised::new(inner.clone(), 5);
    put(&store, "v1");
    put(&store, "v2");
    assert_eq!(store.len("app::fetch").unwrap(), 1);
    assert_eq!(store.clear("app::fetch").unwrap(), 1);
    assert_eq!((list(&store).len(), inner.len("app::fetch@@revisions").unwrap()), (0, 0));
}

#[test]
fn a_damaged_record_is_told_and_begun_anew() {
    let inner = Bytes::new();
    let store = Revised::new(inner.clone(), 5);
    put(&store, "v1");
    let record = Key { namespace: "app::fetch@@revisions".into(), ..key("a") };
    let whole = inner.get(&record).unwrap().unwrap();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        inner.put(&record, &damaged, None).unwrap();
        assert_eq!(store.revisions(&key("a")).unwrap_err().kind(), Kind::Damaged, "byte {at}");
    }
    put(&store, "v2");
    assert_eq!(list(&store), [(1, Some(-1), String::new())]);
}

#[test]
fn an_entry_stays_though_it_can_not_be_recorded() {
    let inner = Watched::new();
    let store = Revised::new(inner.clone(), 5);
    put(&store, "v1");
    inner.refuse_puts(true);
    assert!(store.put(&key("a"), b"v2", None).is_err());
    inner.refuse_puts(false);
    assert_eq!(revision(&store, -1).as_deref(), Some("v1"));
}

#[test]
fn threads_pin_and_write_without_losing_either() {
    let store = Revised::new(Bytes::new(), 1000);
    put(&store, "0");
    std::thread::scope(|scope| {
        scope.spawn(|| (1..100).for_each(|n| put(&store, &n.to_string())));
        scope.spawn(|| (0..100).for_each(|n| store.pin(&key("a"), &format!("name {n}")).unwrap()));
    });
    let (names, numbers): (Vec<_>, Vec<_>) = list(&store).into_iter().map(|one| (one.2, one.0)).unzip();
    let names: usize = names.iter().map(|names| names.matches("name").count()).sum();
    assert_eq!((names, numbers.len()), (100, 100));
}
