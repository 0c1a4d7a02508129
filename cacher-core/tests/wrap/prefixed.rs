use std::{sync::Arc, time::SystemTime};

use cacher_core::{
    backend::{Backend, bytes::Bytes},
    testkit::conformance,
    wrap::prefixed::Prefixed,
};

use crate::key;

#[test]
fn a_part_of_memory_keeps_the_contract() {
    let store = Bytes::new();
    conformance::run(|| Arc::new(Prefixed::new(store.clone(), "f.")));
}

#[cfg(feature = "file")]
#[test]
fn a_part_of_a_directory_keeps_the_contract() {
    use cacher_core::{backend::file::Files, testkit::TempDir};
    let dir = TempDir::new();
    conformance::run(|| Arc::new(Prefixed::new(Files::new(dir.path()), "f.")));
}

#[test]
fn ctu_53_a_part_sees_and_clears_its_own_only() {
    let store = Bytes::new();
    let parts = ["f.", "g."].map(|prefix| Prefixed::new(store.clone(), prefix));
    for (part, entries) in parts.iter().zip([&["a", "b"][..], &["a"]]) {
        entries.iter().for_each(|name| part.put(&key(name), name.as_bytes(), None).unwrap());
    }
    store.put(&key("a"), b"outside", None).unwrap();
    let len = |store: &dyn Backend| store.len("app::fetch").unwrap();
    assert_eq!((len(&parts[0]), len(&parts[1]), len(&store)), (2, 1, 1));
    let mut seen = Vec::new();
    let visit = &mut |scanned: cacher_core::backend::Scanned| {
        seen.push(scanned.entry);
        true
    };
    parts[0].scan("app::fetch", visit).unwrap();
    seen.sort();
    assert_eq!(seen, [b"a", b"b"]);
    assert_eq!(parts[0].clear("app::fetch").unwrap(), 2);
    assert_eq!((len(&parts[0]), len(&parts[1]), len(&store)), (0, 1, 1));
    assert_eq!(store.get(&key("a")).unwrap().as_deref(), Some(&b"outside"[..]));
}

#[test]
fn a_part_sweeps_its_own_only() {
    let (store, now) = (Bytes::new(), SystemTime::now());
    let parts = ["f.", "g."].map(|prefix| Prefixed::new(store.clone(), prefix));
    let old = Some(now - std::time::Duration::from_secs(3600));
    parts.iter().for_each(|part| part.put(&key("a"), b"old", old).unwrap());
    assert_eq!(parts[0].sweep("app::fetch", now).unwrap(), 1);
    assert_eq!(parts.map(|part| part.get(&key("a")).unwrap().is_some()), [false, true]);
}
