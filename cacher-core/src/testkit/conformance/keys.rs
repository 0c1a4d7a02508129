//! Keys of any bytes, which never meet.

use std::collections::HashSet;

use super::{Check, Key, Point, key};

pub(super) const POINTS: &[(&str, Check)] = &[
    ("names of any characters never meet", odd_names),
    ("namespaces of any characters never meet", odd_namespaces),
    ("namespace and name are kept apart", concatenated),
    ("formats are kept apart", formats),
];

/// Names that some store takes for something else.
fn odd() -> Vec<String> {
    let long = "long".repeat(2000);
    let hash = "0f".repeat(32);
    let mut names: Vec<String> =
        (0..=u8::MAX).map(char::from).flat_map(|c| [format!("{c}"), format!("x{c}y")]).collect();
    names.extend(
        ["", ".", "..", "../x", "a/b", "a/../b", "/etc/passwd", "a\\b", "C:\\x", "%2e%2e", "%", "a%00", "~"]
            .map(Into::into),
    );
    names.extend(
        ["con", "CON", "nul", "nul.txt", "aux", "com1", "lpt9", "a ", "a.", "a\0", "a\0b", "\u{feff}a"].map(Into::into),
    );
    names.extend(
        ["é", "e\u{301}", "ß", "ss", "ſ", "İ", "i", "I", "日本", "👾", "*", "a*", "[a]", "?", "a:b", "{a}"]
            .map(Into::into),
    );
    names.extend(
        ["name", "Name", "NAME", "name.json", "name.json.json", "' OR 1=1 --", "\"", "\r\nset x", "-rf"]
            .map(Into::into),
    );
    names.extend([hash.clone(), hash.to_uppercase(), format!("~{hash}"), ".tmp-1-1-0123456789abcdef".into()]);
    names.extend([
        format!("{long}a"),
        format!("{long}A"),
        format!("{long}b"),
        "x".repeat(180),
        "x".repeat(181),
        "x".repeat(255),
    ]);
    let mut seen = HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

/// Puts under every key an entry of its own, and then checks that none has touched another.
fn check_apart(point: &Point<'_>, keys: &[Key]) {
    let entry = |at: usize| format!("entry {at}").into_bytes();
    for (at, key) in keys.iter().enumerate() {
        point.expect(key, None);
        point.put(key, &entry(at));
    }
    for (at, key) in keys.iter().enumerate() {
        point.expect(key, Some(&entry(at)));
    }
    for (at, key) in keys.iter().enumerate() {
        point.check(
            point.must("remove", point.backend.remove(key)),
            &format!("remove did not find {key:?}, entry {at}"),
        );
        if let Some(next) = keys.get(at + 1) {
            point.expect(next, Some(&entry(at + 1)));
        }
    }
}

fn odd_names(point: &mut Point<'_>) {
    let keys: Vec<Key> = odd().iter().map(|name| point.key(name)).collect();
    check_apart(point, &keys);
}

fn odd_namespaces(point: &mut Point<'_>) {
    let mut labels = odd();
    labels.retain(|label| !(label.starts_with('x') && label.ends_with('y')));
    let keys: Vec<Key> = labels.iter().map(|label| key(&point.space(label), "name")).collect();
    check_apart(point, &keys);
}

fn concatenated(point: &mut Point<'_>) {
    let pairs = [
        ("a", "bc"),
        ("ab", "c"),
        ("a:b", "c"),
        ("a", "b:c"),
        ("a/b", "c"),
        ("a", "b/c"),
        ("a\0b", "c"),
        ("a", "b\0c"),
    ];
    let keys: Vec<Key> = pairs.iter().map(|(space, name)| key(&point.space(space), name)).collect();
    check_apart(point, &keys);
}

fn formats(point: &mut Point<'_>) {
    let mut keys = Vec::new();
    for name in ["a", "a.json", "a.msgpack", "A"] {
        for format in ["json", "msgpack", "json+zlib?level=6"] {
            keys.push(Key { format, ..point.key(name) });
        }
    }
    check_apart(point, &keys);
}
