//! What a store may do, if it says so.

use std::time::Duration;

use super::{Check, Key, Point, SystemTime, key};

pub(super) const POINTS: &[(&str, Check)] = &[
    ("put_if_absent puts only if nothing is there", put_if_absent),
    ("touch changes only what is there", touch),
    ("clear removes its own namespace only", clear),
    ("scan and len show the entries of one namespace", scan),
    ("scan shows keys that find their entries", scanned_keys),
    ("sweep removes only what has expired", sweep),
];

const HOUR: Duration = Duration::from_secs(3600);

fn put_if_absent(point: &mut Point<'_>) {
    let key = point.key("one");
    let put = |entry: &[u8]| point.backend.put_if_absent(&key, entry, None);
    if !point.can().put_if_absent {
        return point.unsupported("put_if_absent", put(b"entry"));
    }
    point.check(point.must("put_if_absent", put(b"first")), "it found an entry where none was");
    point.check(!point.must("put_if_absent", put(b"second")), "it put a second entry");
    point.expect(&key, Some(b"first"));
    point.must("remove", point.backend.remove(&key));
    point.check(point.must("put_if_absent", put(b"third")), "it found an entry that was removed");
    point.expect(&key, Some(b"third"));
}

fn touch(point: &mut Point<'_>) {
    let (key, later) = (point.key("one"), Some(SystemTime::now() + HOUR));
    let touch = || point.backend.touch(&key, later);
    if !point.can().touch {
        return point.unsupported("touch", touch());
    }
    point.check(!point.must("touch", touch()), "it touched what is absent");
    point.expect(&key, None);
    let entry = point.put_sealed(&key, None);
    point.check(point.must("touch", touch()), "it did not find the entry");
    point.expect(&key, Some(&entry));
}

fn clear(point: &mut Point<'_>) {
    let (own, longer) = (point.namespace(), point.space("::inner"));
    if !point.can().clear {
        return point.unsupported("clear", point.backend.clear(&own));
    }
    point.check(point.must("clear", point.backend.clear(&own)) == 0, "it removed entries of an empty namespace");
    // Patterns that would match `own` if a store took it for one.
    let pattern = point.space("*");
    let others = [&longer, &pattern].map(|space| key(space, "a"));
    let kept = others.clone().map(|other| point.put_sealed(&other, None));
    for name in ["a", "B", "*", "c/d"] {
        point.put_sealed(&point.key(name), None);
    }
    point.put_sealed(&point.key("expired"), Some(SystemTime::now() - HOUR));
    let count = point.must("clear", point.backend.clear(&own));
    if point.can().scan {
        point.check(count == 4 || count == 5, &format!("it counts {count} removed, not 4 and perhaps an expired one"));
    }
    point.check(count > 0, "it says that there was nothing to remove");
    for name in ["a", "B", "*", "c/d", "expired"] {
        point.expect(&point.key(name), None);
    }
    for (other, entry) in others.iter().zip(&kept) {
        point.expect(other, Some(entry));
    }
    point.must("clear", point.backend.clear(&pattern));
    point.expect(&others[0], Some(&kept[0]));
    let again = point.put_sealed(&point.key("a"), None);
    point.expect(&point.key("a"), Some(&again));
}

fn scan(point: &mut Point<'_>) {
    let (own, other) = (point.namespace(), point.space("::inner"));
    let scan = |limit: usize| {
        let mut found = Vec::new();
        let done = point.backend.scan(&own, &mut |scanned| {
            found.push(scanned.entry);
            found.len() < limit
        });
        done.map(|()| found)
    };
    let len = || point.backend.len(&own);
    if !point.can().scan {
        point.unsupported("scan", scan(usize::MAX));
        return point.unsupported("len", len());
    }
    point.check(point.must("scan", scan(usize::MAX)).is_empty(), "an empty namespace showed an entry");
    point.check(point.must("len", len()) == 0, "the length of an empty namespace was not 0");
    point.put_sealed(&key(&other, "a"), None);
    let mut expected: Vec<Vec<u8>> = (0..20).map(|n| point.put_sealed(&point.key(&format!("Key {n}")), None)).collect();
    let mut found = point.must("scan", scan(usize::MAX));
    expected.sort();
    found.sort();
    point.check(found == expected, "scan did not show each entry of the namespace once");
    point.check(point.must("scan", scan(3)).len() == 3, "scan went on after it was told to stop");
    point.check(point.must("len", len()) == 20, "the length was not the number of entries");
}

fn scanned_keys(point: &mut Point<'_>) {
    if !point.can().scan {
        return;
    }
    let own = point.namespace();
    let names = ["plain", "Key 1", "a/b", "~x", "", "?format=", "é", &"long".repeat(2000)];
    let mut keys: Vec<Key> = names.iter().map(|name| point.key(name)).collect();
    keys.push(Key { format: "msgpack+zstd", ..point.key("plain") });
    let mut put: Vec<_> =
        keys.iter().map(|key| (point.backend.shown(key).into_owned(), point.put_sealed(key, None))).collect();
    let mut found = Vec::new();
    point.must(
        "scan",
        point.backend.scan(&own, &mut |scanned| {
            found.push((scanned.key, scanned.entry));
            true
        }),
    );
    let order = |(key, _): &(Key, Vec<u8>)| (key.name.to_string(), key.format);
    put.sort_by_key(order);
    found.sort_by_key(order);
    point.check(found == put, "scan did not show the keys that `shown` makes of those that were put");
    for (key, entry) in &found {
        point.expect(key, Some(entry));
        point.check(point.backend.shown(key).as_ref() == key, "a key that was shown is shown as another");
        point.check(
            point.must("remove", point.backend.remove(key)),
            "remove did not find the entry of a key that was shown",
        );
    }
    for key in &keys {
        point.expect(key, None);
    }
}

fn sweep(point: &mut Point<'_>) {
    let (now, own, other) = (SystemTime::now(), point.namespace(), point.space("::inner"));
    let old = [point.key("a"), point.key("B")];
    let foreign = key(&other, "a");
    for expired in old.iter().chain([&foreign]) {
        point.put_sealed(expired, Some(now - HOUR));
    }
    let fresh = [(point.key("later"), Some(now + HOUR)), (point.key("never"), None)];
    let kept = fresh.each_ref().map(|(key, expires)| point.put_sealed(key, *expires));
    let foreign_left = point.get(&foreign);
    let swept = point.must("sweep", point.backend.sweep(&own, now));
    for ((key, _), entry) in fresh.iter().zip(&kept) {
        point.expect(key, Some(entry));
    }
    point.check(swept <= 2, &format!("it counts {swept} swept of 2 expired"));
    if swept > 0 || point.can().expires {
        for key in &old {
            point.expect(key, None);
        }
    }
    if !point.can().expires {
        point.expect(&foreign, foreign_left.as_deref());
    }
    point.check(point.must("sweep", point.backend.sweep(&own, now)) == 0, "a second sweep found more");
}
