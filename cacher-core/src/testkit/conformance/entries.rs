//! Single entries and lists of them.

use std::time::Duration;

use super::{Check, Key, Point, Put, SystemTime, sealed};

pub(super) const POINTS: &[(&str, Check)] = &[
    ("an absent key reads as nothing", absent),
    ("an entry is got as it was put", put_and_get),
    ("a second put replaces the first", overwrite),
    ("remove says whether there was an entry", remove),
    ("an entry is any bytes of any length", any_bytes),
    ("an expiry time changes no bytes", expiry),
    ("get_many keeps the order of its keys", get_many),
    ("put_many puts one after the other", put_many),
    ("remove_many removes its keys alone, and counts them", remove_many),
    ("other views see what one put", views),
    ("what is durable outlives every view", durable),
];

fn absent(point: &mut Point<'_>) {
    point.expect(&point.key("absent"), None);
    let elsewhere = super::key(&point.space("::never_used"), "absent");
    point.expect(&elsewhere, None);
}

fn remove_many(point: &mut Point<'_>) {
    let keys = ["a", "b", "c", "d"].map(|name| point.key(name));
    let remove = |keys: &[Key]| point.backend.remove_many(keys);
    point.check(point.must("remove_many", remove(&[])) == 0, "it removed something where nothing was named");
    point.check(point.must("remove_many", remove(&keys)) == 0, "it removed entries that were never put");
    keys[..3].iter().for_each(|key| point.put(key, b"entry"));
    let removed = point.must("remove_many", remove(&keys[1..]));
    point.check(removed == 2, &format!("it counts {removed} removed, not 2"));
    for (at, key) in keys.iter().enumerate() {
        point.expect(key, (at == 0).then_some(b"entry"));
    }
}

fn put_and_get(point: &mut Point<'_>) {
    let key = point.key("one");
    point.put(&key, b"entry");
    point.expect(&key, Some(b"entry"));
    point.expect(&key, Some(b"entry"));
    point.expect(&point.key("two"), None);
}

fn overwrite(point: &mut Point<'_>) {
    let key = point.key("one");
    for entry in [&b"short"[..], b"a longer entry than that", b"-", b"short"] {
        point.put(&key, entry);
        point.expect(&key, Some(entry));
    }
}

fn remove(point: &mut Point<'_>) {
    let (key, other) = (point.key("one"), point.key("two"));
    point.check(!point.must("remove", point.backend.remove(&key)), "remove found an entry that was never put");
    point.put(&key, b"1");
    point.put(&other, b"2");
    point.check(point.must("remove", point.backend.remove(&key)), "remove did not find the entry");
    point.check(!point.must("remove", point.backend.remove(&key)), "remove found the entry a second time");
    point.expect(&key, None);
    point.expect(&other, Some(b"2"));
    point.put(&key, b"again");
    point.expect(&key, Some(b"again"));
}

fn any_bytes(point: &mut Point<'_>) {
    let every_byte: Vec<u8> = (0..=u8::MAX).collect();
    let mebibyte: Vec<u8> = every_byte.iter().copied().cycle().take(1 << 20).collect();
    for (name, entry) in [("empty", &[][..]), ("every", &every_byte), ("mebibyte", &mebibyte), ("lines", b"\r\n\0\n")] {
        point.put(&point.key(name), entry);
        point.expect(&point.key(name), Some(entry));
    }
}

fn expiry(point: &mut Point<'_>) {
    let hour = Duration::from_secs(3600);
    for (name, expires) in [("never", None), ("later", Some(SystemTime::now() + hour))] {
        let entry = point.put_sealed(&point.key(name), expires);
        point.expect(&point.key(name), Some(&entry));
    }
    let key = point.key("expired");
    let entry = point.put_sealed(&key, Some(SystemTime::now() - hour));
    point.check(point.get(&key).is_none_or(|found| found == entry), "an expired entry came back with other bytes");
    let entry = point.put_sealed(&key, None);
    point.expect(&key, Some(&entry));
}

fn get_many(point: &mut Point<'_>) {
    let keys = ["b", "absent", "a", "b", "c"].map(|name| point.key(name));
    for key in [&keys[0], &keys[2], &keys[4]] {
        point.put(key, key.name.as_bytes());
    }
    let found = point.must("get_many", point.backend.get_many(&keys));
    let expected =
        [Some("b"), None, Some("a"), Some("b"), Some("c")].map(|text| text.map(|text| text.as_bytes().to_vec()));
    point.check(found == expected, "get_many did not give one answer for each key, in the order of the keys");
    point.check(point.must("get_many", point.backend.get_many(&[])).is_empty(), "get_many of no keys gave something");
}

fn put_many(point: &mut Point<'_>) {
    let put = |name: &str, entry: &str| Put { key: point.key(name), entry: entry.into(), expires: None };
    let puts = [put("a", "first"), put("b", "other"), put("a", "second"), put("c", "")];
    point.must("put_many", point.backend.put_many(&puts));
    point.must("put_many of nothing", point.backend.put_many(&[]));
    for (name, entry) in [("a", "second"), ("b", "other"), ("c", "")] {
        point.expect(&point.key(name), Some(entry.as_bytes()));
    }
}

fn views(point: &mut Point<'_>) {
    let (key, other) = (point.key("one"), (point.open)());
    point.put(&key, b"entry");
    point.check(point.must("get", other.get(&key)).as_deref() == Some(b"entry"), "a second view did not see the entry");
    point.check(point.must("remove", other.remove(&key)), "a second view could not remove the entry");
    point.expect(&key, None);
}

fn durable(point: &mut Point<'_>) {
    let key = point.key("one");
    if point.can().durable {
        let entry = sealed(&key, None);
        point.put(&key, &entry);
        point.backend = (point.open)();
        point.expect(&key, Some(&entry));
    }
}
