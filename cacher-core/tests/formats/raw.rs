//! Bytes and text as they are.

use serde::{Deserialize, Serialize};

use super::{damaged, format, refused};

#[test]
fn ctu_46_what_is_stored_is_what_it_is() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Name(String);
    let raw = format("raw");
    assert_eq!(raw.encode("é\0").expect("text"), "é\0".as_bytes());
    assert_eq!(raw.encode(b"World!").expect("bytes"), b"World!");
    assert_eq!(raw.encode(&[1_u8, 2, 255][..]).expect("bytes"), [1, 2, 255]);
    assert_eq!(raw.encode(&Name("x".into())).expect("a newtype"), b"x");
    assert_eq!(raw.decode::<Name>(b"x").expect("a newtype"), Name("x".into()));
    assert_eq!(raw.decode::<Box<[u8]>>(b"\xff\0").expect("bytes"), Box::from([255, 0]));
    assert_eq!(raw.decode::<[u8; 2]>(b"\xff\0").expect("bytes"), [255, 0]);
    assert_eq!(raw.decode::<String>(b"").expect("no text"), "");
}

#[test]
fn anything_else_is_refused_with_advice() {
    for error in [
        refused("raw", &7_u8),
        refused("raw", &()),
        refused("raw", &Some("x")),
        refused("raw", &vec!["a", "b"]),
        refused("raw", &vec![1_u16]),
        refused("raw", &vec![1_i8]),
        refused("raw", &vec![vec![1_u8]]),
        refused("raw", &('a', 'b')),
        refused("raw", &std::collections::BTreeMap::from([("a", 1)])),
        refused("raw", &serde_json::json!({})),
    ] {
        assert!(error.to_string().contains("`msgpack` takes the rest"), "{error}");
    }
}

#[test]
fn other_types_are_damage() {
    damaged::<String>("raw", b"\xff");
    damaged::<[u8; 2]>("raw", b"abc");
    damaged::<[u8; 2]>("raw", b"a");
    damaged::<u8>("raw", b"a");
    damaged::<Option<String>>("raw", b"a");
    damaged::<()>("raw", b"");
}
