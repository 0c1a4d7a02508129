//! What goes into a format comes out of it, or does not go in.
#![cfg(all(feature = "json", feature = "msgpack"))]

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Debug,
    net::IpAddr,
    time::Duration,
};

use cacher_core::{error::Kind, format::Format};
use proptest::{collection, option, prelude::*};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

fn json() -> Format {
    Format::named("json").expect("built in")
}

fn msgpack() -> Format {
    Format::named("msgpack").expect("built in")
}

fn formats() -> [Format; 2] {
    [json(), msgpack()]
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Newtype<T>(T);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Tree {
    Leaf,
    Wide(i128, u128),
    Bits { single: f32, double: f64 },
    Maybe(Option<Box<Tree>>),
    Nothing(()),
    Many(Vec<Tree>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Rich {
    text: String,
    letter: char,
    small: (u8, i8, bool, Unit),
    large: (u64, i64),
    bytes: [u8; 4],
    numbered: BTreeMap<i64, Newtype<String>>,
    named: HashMap<String, Option<u32>>,
    flags: BTreeMap<bool, u8>,
    tree: Tree,
    outcome: Result<(), String>,
    #[serde(flatten)]
    rest: BTreeMap<String, bool>,
}

fn tree() -> impl Strategy<Value = Tree> {
    let double = any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |number| number.is_finite());
    let single = any::<u32>().prop_map(f32::from_bits).prop_filter("finite", |number| number.is_finite());
    let leaf = prop_oneof![
        Just(Tree::Leaf),
        Just(Tree::Nothing(())),
        any::<(i128, u128)>().prop_map(|(signed, unsigned)| Tree::Wide(signed, unsigned)),
        (single, double).prop_map(|(single, double)| Tree::Bits { single, double }),
    ];
    leaf.prop_recursive(6, 40, 5, |inner| {
        prop_oneof![
            option::of(inner.clone()).prop_map(|tree| Tree::Maybe(tree.map(Box::new))),
            collection::vec(inner, 0..5).prop_map(Tree::Many),
        ]
    })
}

fn rich() -> impl Strategy<Value = Rich> {
    let plain = (
        any::<String>(),
        any::<char>(),
        (any::<u8>(), any::<i8>(), any::<bool>(), Just(Unit)),
        any::<(u64, i64)>(),
        any::<[u8; 4]>(),
    );
    let maps = (
        collection::btree_map(any::<i64>(), any::<String>().prop_map(Newtype), 0..4),
        collection::hash_map(any::<String>(), any::<Option<u32>>(), 0..4),
        collection::btree_map(any::<bool>(), any::<u8>(), 0..3),
        collection::btree_map("_[a-z]{4}", any::<bool>(), 0..3),
    );
    (plain, maps, tree(), any::<Result<(), String>>()).prop_map(|(plain, maps, tree, outcome)| {
        let (text, letter, small, large, bytes) = plain;
        let (numbered, named, flags, rest) = maps;
        Rich { text, letter, small, large, bytes, numbered, named, flags, tree, outcome, rest }
    })
}

fn round_trip<T: Serialize + DeserializeOwned>(format: &Format, value: &T) -> T {
    format.decode(&format.encode(value).expect("encoded")).expect("decoded")
}

#[track_caller]
fn assert_kept<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    for format in &formats() {
        assert_eq!(&round_trip(format, value), value, "{format:?}");
    }
}

#[track_caller]
fn assert_refused(format: &Format, value: &impl Serialize, word: &str) {
    let error = format.encode(value).expect_err("refused");
    assert_eq!(error.kind(), Kind::Unstorable);
    assert!(error.to_string().contains(word), "{error}");
}

proptest! {
    #[test]
    fn rich_values_come_back(value in rich()) {
        for format in &formats() {
            prop_assert_eq!(&round_trip(format, &value), &value);
        }
    }

    #[test]
    fn floats_come_back_to_the_bit(double in any::<u64>(), single in any::<u32>()) {
        let value = (f64::from_bits(double), f32::from_bits(single));
        for format in &formats() {
            if format.name() == "msgpack" || (value.0.is_finite() && value.1.is_finite()) {
                let back = round_trip(format, &value);
                prop_assert_eq!((back.0.to_bits(), back.1.to_bits()), (double, single));
            } else {
                prop_assert_eq!(format.encode(&value).map_err(|error| error.kind()), Err(Kind::Unstorable));
            }
        }
    }

    #[test]
    fn nested_options_come_back_or_are_refused(value in any::<Option<Option<Option<()>>>>()) {
        for format in &formats() {
            match format.encode(&value) {
                Ok(bytes) => prop_assert_eq!(format.decode::<Option<Option<Option<()>>>>(&bytes).expect("decoded"), value),
                Err(error) => prop_assert_eq!((error.kind(), value.is_some()), (Kind::Unstorable, true)),
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_damaged(bytes in collection::vec(any::<u8>(), 0..200)) {
        for format in &formats() {
            if let Err(error) = format.decode::<Rich>(&bytes) {
                prop_assert_eq!(error.kind(), Kind::Damaged);
            }
            if let Err(error) = format.decode::<Vec<Tree>>(&bytes) {
                prop_assert_eq!(error.kind(), Kind::Damaged);
            }
        }
    }

    #[test]
    fn nothing_may_follow_or_lack(value in rich(), extra in any::<u8>()) {
        for format in &formats() {
            let mut bytes = format.encode(&value).expect("encoded");
            prop_assert!(format.decode::<Rich>(&bytes[..bytes.len() - 1]).is_err());
            if format.name() == "msgpack" || !extra.is_ascii_whitespace() {
                bytes.push(extra);
                prop_assert_eq!(format.decode::<Rich>(&bytes).expect_err("one more").kind(), Kind::Damaged);
            }
        }
    }
}

#[test]
fn plain_values_come_back() {
    assert_kept(&());
    assert_kept(&Unit);
    assert_kept(&None::<()>);
    assert_kept(&Some(0));
    assert_kept(&Some(Some(Newtype(Some(Tree::Maybe(None))))));
    assert_kept(&vec![Some(vec![()]), None]);
    assert_kept(&Some(Tree::Nothing(())));
    assert_kept(&Some((None::<u8>, ())));
    assert_kept(&[u128::MAX, u128::from(u64::MAX) + 1, 0]);
    assert_kept(&[i128::MIN, i128::MAX, i128::from(i64::MIN) - 1, -1]);
    assert_kept(&BTreeMap::from([(u128::MAX, 'a'), (7, 'b')]));
    assert_kept(&BTreeMap::from([(Some(1), 'a'), (Some(2), 'b')]));
    assert_kept(&("10.0.0.1".parse::<IpAddr>().expect("an address"), Duration::new(u64::MAX, 999_999_999)));
    assert_kept(&serde_json::json!({"a": [null, 1.5, "\u{0}\u{7f}\"\\ \u{10ffff}"]}));
}

#[test]
fn floats_of_untagged_types_come_back() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Number {
        Single(f32),
        Text(String),
    }
    assert_kept(&[7.038_531e-26, -7.038_531e-26, 0.1, f32::MIN_POSITIVE, f32::MAX].map(Number::Single));
    assert_kept(&[7.038_531e-26_f32, -7.038_531e-26]);
    assert_kept(&Number::Text(String::new()));
}

#[test]
fn some_of_nothing_is_refused() {
    for format in &formats() {
        assert_refused(format, &Some(()), "`Some` of nothing");
        assert_refused(format, &Some(Unit), "`Some` of nothing");
        assert_refused(format, &Some(None::<u8>), "`Some` of nothing");
        assert_refused(format, &Some(Newtype(Newtype(None::<u8>))), "`Some` of nothing");
        assert_refused(format, &Some(Some(())), "`Some` of nothing");
        assert_refused(format, &Some(serde_json::Value::Null), "`Some` of nothing");
        assert_refused(format, &[None, Some(())], "`Some` of nothing");
        assert_refused(format, &Ok::<_, ()>(BTreeMap::from([(1, Some(Unit))])), "`Some` of nothing");
    }
}

#[test]
fn json_refuses_what_it_has_no_word_for() {
    assert_refused(&json(), &f64::NAN, "msgpack keeps it");
    assert_refused(&json(), &[f32::INFINITY], "not finite");
    assert_refused(&json(), &Tree::Bits { single: 0.0, double: f64::NEG_INFINITY }, "not finite");
    assert_refused(&json(), &BTreeMap::from([((1, 2), 3)]), "key must be a string");
    assert_eq!(round_trip(&msgpack(), &BTreeMap::from([((1, 2), 3)])), BTreeMap::from([((1, 2), 3)]));
}

#[test]
fn raw_json_is_refused() {
    for format in &formats() {
        let raw = RawValue::from_string("{\"a\" : 1}".to_owned()).expect("json");
        assert_refused(format, &raw, "serde_json::Value");
    }
}

#[derive(Serialize)]
struct Chain(Option<Box<Chain>>);

fn nested(levels: usize) -> Tree {
    (0..levels).fold(Tree::Leaf, |tree, _| Tree::Maybe(Some(Box::new(tree))))
}

#[test]
fn depth_is_bounded() {
    assert_kept(&nested(127));
    for format in &formats() {
        assert_refused(format, &nested(128), "127 levels");
        assert_refused(format, &nested(5000), "127 levels");
    }
    let chain = (0..5000).fold(Chain(None), |chain, _| Chain(Some(Box::new(chain))));
    assert_refused(&json(), &chain, "127 levels");
    let deep = [b"\x81\xa5Maybe".repeat(1_000_000), b"\xc0".to_vec()].concat();
    assert_eq!(msgpack().decode::<Tree>(&deep).expect_err("too deep").kind(), Kind::Damaged);
    let deep = [b"{\"Maybe\":".repeat(1_000_000), b"null".to_vec(), b"}".repeat(1_000_000)].concat();
    assert_eq!(json().decode::<Tree>(&deep).expect_err("too deep").kind(), Kind::Damaged);
}

#[test]
fn announced_lengths_are_not_trusted() {
    for bytes in
        [&b"\xdd\xff\xff\xff\xff"[..], b"\xdf\xff\xff\xff\xff\x01", b"\xc6\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff"]
    {
        assert_eq!(msgpack().decode::<Vec<u64>>(bytes).expect_err("cut short").kind(), Kind::Damaged);
    }
}

#[test]
fn every_head_of_message_pack_is_measured() {
    for length in [0, 1, 15, 16, 31, 32, 255, 256, 65_535, 65_536] {
        assert_kept(&"x".repeat(length));
        assert_kept(&vec![7_u8; length]);
        assert_kept(&(0..length).map(|number| (number, -1)).collect::<BTreeMap<_, i64>>());
    }
    for number in (0..64).map(|bit| 1_u64 << bit) {
        assert_kept(&(number, number.cast_signed().wrapping_neg(), u128::from(number), i128::from(number)));
    }
}

#[test]
fn fields_may_change_their_order() {
    #[derive(Serialize)]
    struct Before {
        name: &'static str,
        age: u8,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct After {
        age: u8,
        name: String,
    }
    for format in &formats() {
        let bytes = format.encode(&Before { name: "Ada", age: 36 }).expect("encoded");
        assert_eq!(format.decode::<After>(&bytes).expect("decoded"), After { age: 36, name: "Ada".to_owned() });
    }
}

#[test]
fn other_types_are_damaged() {
    for format in &formats() {
        let bytes = format.encode("text").expect("encoded");
        assert_eq!(format.decode::<u64>(&bytes).expect_err("another type").kind(), Kind::Damaged);
    }
}

#[test]
fn formats_have_names() {
    for format in &formats() {
        assert_eq!(Format::named(format.name()).expect("known").name(), format.name());
    }
    let error = Format::named("yaml").expect_err("unknown");
    assert_eq!(error.kind(), Kind::Invalid);
    assert_eq!(error.to_string(), "there is no format \"yaml\"; there are: json, msgpack, postcard, raw, npy");
}
