//! What is encrypted opens as what it was sealed as, and as nothing else.

use cacher_core::{
    error::Kind,
    format::{Context, filter},
    secret::set_secret_key,
};

use super::{damaged, format};

/// CTU-34: each cipher and each kind of key round-trips. CTU-41: lengths are known, and nothing is a value.
#[test]
fn ctu_34_ctu_41_what_is_sealed_opens() {
    for (name, value) in [("raw+encrypt", "World!"), ("raw+encrypt?per_key=true", "World!"), ("raw+encrypt", "")] {
        let format = format(name);
        let [one, other] = [0, 1].map(|_| format.encode(value).expect("sealed"));
        assert_eq!(one.len(), 1 + 8 + 24 + value.len() + 16);
        assert!(one != other && !one.windows(6).any(|part| part == b"World!"), "{name}");
        assert_eq!(format.decode::<String>(&one).expect("opened"), value);
        assert_eq!(format.decode::<String>(&other).expect("opened"), value);
    }
}

#[test]
fn ctu_35_a_changed_byte_does_not_open() {
    let mut sealed = format("raw+encrypt").encode("World!").expect("sealed");
    let last = sealed.len() - 1;
    for at in [0, 1, 9, 33, last] {
        sealed[at] ^= 1;
        assert!(damaged::<String>("raw+encrypt", &sealed).to_string().contains("does not open"));
        sealed[at] ^= 1;
    }
    assert!(format("raw+encrypt").decode::<String>(&sealed).is_ok());
}

#[test]
fn ctu_37_what_is_encrypted_is_made_of_any_value() {
    let format = format("json+zlib+encrypt");
    let bytes = format.encode(&[Some("Hello"), None]).expect("sealed");
    assert_eq!(format.decode::<[Option<String>; 2]>(&bytes).expect("opened"), [Some("Hello".to_owned()), None]);
}

#[test]
fn one_kind_does_not_open_as_the_other() {
    let (shared, own) = (format("raw+encrypt"), format("raw+encrypt?per_key=true"));
    damaged::<String>("raw+encrypt?per_key=true", &shared.encode("x").expect("sealed"));
    damaged::<String>("raw+encrypt", &own.encode("x").expect("sealed"));
    damaged::<String>("msgpack+encrypt", &format("json+encrypt").encode("x").expect("sealed"));
}

#[test]
fn the_key_is_part_of_the_seal() {
    format("json");
    for name in ["encrypt", "encrypt?per_key=true"] {
        let filter = filter(name).expect("built in");
        let mut context = Context::default();
        context.namespace = "app::a";
        context.key = b"1";
        let sealed = filter.apply(b"value".to_vec(), &context).expect("sealed");
        assert_eq!(filter.undo(&sealed, &context).expect("opened"), b"value");
        for (namespace, key) in [("app::a", &b"2"[..]), ("app::b", b"1"), ("app::a1", b""), ("", b"app::a1")] {
            let mut other = context;
            (other.namespace, other.key) = (namespace, key);
            assert_eq!(filter.undo(&sealed, &other).map_err(|error| error.kind()), Err(Kind::Damaged));
        }
    }
}

#[test]
fn nothing_says_the_key() {
    let format = format("raw+encrypt");
    let said = format!("{format:?} {:?} {:?}", filter("encrypt").expect("built in"), set_secret_key([9; 32]));
    assert!(!said.contains("7, 7") && !said.contains("0707") && said.contains("another secret key"), "{said}");
}
