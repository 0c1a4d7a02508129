//! Entries that expire, by real clocks: waits are polls with a bound.

use std::time::{Duration, SystemTime};

use cacher_core::backend::{Backend, Key, Put};

use crate::{key, open, scanned, shared, soon};

fn after(life: Duration) -> SystemTime {
    SystemTime::now() + life
}

const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(3600);

#[test]
fn what_has_expired_is_in_no_answer() {
    let Some(store) = shared("expiry") else { return };
    let [short, long, old] = ["short", "long", "old"].map(|name| key("expiring", name));
    let expires = after(SHORT);
    store.put(&short, b"short", Some(expires)).expect("put");
    store.put(&long, b"long", Some(after(LONG))).expect("put");
    store.put(&old, b"old", Some(SystemTime::now() - LONG)).expect("put");
    assert_eq!(store.get(&old).expect("got"), None);
    soon(|| store.get(&short).expect("got").is_none());
    assert!(SystemTime::now() >= expires, "it did not live as long as it was to");
    let all = [short.clone(), long.clone(), old.clone()];
    assert_eq!(store.get_many(&all).expect("got"), [None, Some(b"long".to_vec()), None]);
    assert_eq!(scanned(&store, &long.namespace), [b"long"]);
    assert!(!store.touch(&short, None).expect("touched"), "what has expired can't be touched");
    assert_eq!(store.get(&short).expect("got"), None);
    assert!(!store.remove(&short).expect("removed"), "what has expired was not there");
    assert!(store.put_if_absent(&old, b"new", None).expect("put"), "what has expired is in nobody's way");
    assert!(!store.put_if_absent(&old, b"newer", None).expect("put"));
    assert!(!store.put_if_absent(&long, b"newer", None).expect("put"));
    assert_eq!(store.get_many(&all).expect("got"), [None, Some(b"long".to_vec()), Some(b"new".to_vec())]);
    store.clear(&long.namespace).expect("cleared");
}

#[test]
fn a_later_word_about_expiry_counts() {
    let Some(store) = shared("expiry") else { return };
    let [touched, ended, eternal, replaced, many] =
        ["touched", "ended", "eternal", "replaced", "many"].map(|name| key("changing", name));
    for key in [&touched, &eternal, &replaced] {
        store.put(key, b"entry", Some(after(SHORT))).expect("put");
    }
    for key in [&ended, &many] {
        store.put(key, b"entry", None).expect("put");
    }
    assert!(store.touch(&touched, Some(after(LONG))).expect("touched"));
    assert!(store.touch(&eternal, None).expect("touched"));
    assert!(store.touch(&ended, Some(after(SHORT))).expect("touched"));
    store.put(&replaced, b"entry", None).expect("put");
    store.put_many(&[Put { key: many.clone(), entry: b"entry".to_vec(), expires: Some(after(SHORT)) }]).expect("put");
    soon(|| store.get(&ended).expect("got").is_none() && store.get(&many).expect("got").is_none());
    std::thread::sleep(SHORT);
    for key in [&touched, &eternal, &replaced] {
        assert_eq!(store.get(key).expect("got").as_deref(), Some(&b"entry"[..]), "{key:?}");
    }
    store.clear(&ended.namespace).expect("cleared");
}

#[test]
fn a_sweep_removes_what_has_expired_at_its_time() {
    let Some(store) = shared("expiry") else { return };
    let [soon, later, never, elsewhere] = ["soon", "later", "never", "elsewhere"].map(|name| key("sweep", name));
    let elsewhere = Key { namespace: key("elsewhere", "").namespace, ..elsewhere };
    store.put(&soon, b"soon", Some(after(LONG))).expect("put");
    store.put(&later, b"later", Some(after(2 * LONG))).expect("put");
    store.put(&never, b"never", None).expect("put");
    store.put(&elsewhere, b"elsewhere", Some(after(LONG))).expect("put");
    let now = SystemTime::now();
    assert_eq!(store.sweep(&soon.namespace, now).expect("swept"), 0);
    assert_eq!(store.sweep(&soon.namespace, now + LONG + LONG / 2).expect("swept"), 1);
    assert_eq!(scanned(&store, &soon.namespace), [&b"later"[..], b"never"]);
    assert!(store.remove(&elsewhere).expect("removed"));
    store.clear(&soon.namespace).expect("cleared");
}

#[test]
fn the_server_removes_what_has_expired() {
    let often = ["--setParameter", "ttlMonitorSleepSecs=1"];
    let Some(server) = cacher_servers::MongoDb::private_with(&often) else { return };
    let store = open(&(server.url() + "?timeout=10s"));
    let [gone, ended, kept] = ["gone", "ended", "kept"].map(|name| key("swept", name));
    store.put(&gone, b"gone", Some(after(SHORT))).expect("put");
    store
        .put_many(&[&ended, &kept].map(|key| Put { key: key.clone(), entry: b"kept".to_vec(), expires: None }))
        .expect("put");
    assert!(store.touch(&ended, Some(after(SHORT))).expect("touched"));
    soon(|| store.len(&gone.namespace).expect("a length") == 1);
    assert_eq!(store.get(&kept).expect("got").as_deref(), Some(&b"kept"[..]));
}
