//! Everything by its position.

use serde::{Deserialize, Serialize};

use super::{damaged, format, refused};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Tree {
    Leaf,
    Maybe(Option<Box<Tree>>),
    Many(Vec<Tree>),
    Pair(Box<Tree>, Box<Tree>),
    Named { left: Box<Tree> },
}

fn nested(levels: usize, within: fn(Tree) -> Tree) -> Tree {
    (0..levels).fold(Tree::Leaf, |tree, _| within(tree))
}

fn comes_back<T: Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let postcard = format("postcard");
    assert_eq!(&postcard.decode::<T>(&postcard.encode(value).expect("encoded")).expect("decoded"), value);
}

#[test]
fn nothing_is_told_from_some_of_nothing() {
    comes_back(&[None, Some(None), Some(Some(()))]);
    comes_back(&(f64::INFINITY, u128::MAX, 'é', Ok::<(), String>(())));
    comes_back(&vec![(); 1000]);
    comes_back(&std::collections::BTreeMap::from([((1, 2), vec![3])]));
}

#[test]
fn depth_is_bounded() {
    let maybe = |tree| Tree::Maybe(Some(Box::new(tree)));
    let many = |tree| Tree::Many(vec![tree]);
    comes_back(&nested(127, maybe));
    comes_back(&nested(63, many));
    comes_back(&nested(63, |tree| Tree::Pair(Box::new(tree), Box::new(Tree::Leaf))));
    comes_back(&nested(63, |left| Tree::Named { left: Box::new(left) }));
    for deep in [nested(128, maybe), nested(64, many), nested(2000, maybe)] {
        assert!(refused("postcard", &deep).to_string().contains("127 levels"));
    }
    for deep in [b"\x01\x01".repeat(1_000_000), b"\x02\x01".repeat(1_000_000), b"\x03".repeat(1_000_000)] {
        damaged::<Tree>("postcard", &deep);
    }
    damaged::<Option<Option<Option<u8>>>>("postcard", b"\x01\x01\x02");
}

#[test]
fn announced_lengths_are_not_trusted() {
    let many = b"\xff\xff\xff\xff\xff\xff\xff\xff\x7f";
    damaged::<Vec<u64>>("postcard", many);
    damaged::<Vec<()>>("postcard", many);
    damaged::<String>("postcard", many);
    damaged::<std::collections::BTreeMap<u8, u8>>("postcard", many);
}

#[test]
fn what_would_shift_the_rest_is_refused() {
    #[derive(Serialize)]
    struct Sparse {
        #[serde(skip_serializing_if = "Option::is_none")]
        first: Option<u8>,
        second: u8,
    }
    let text = refused("postcard", &Sparse { first: None, second: 1 }).to_string();
    assert!(text.contains("msgpack takes more"), "{text}");
    assert!(format("postcard").encode(&Sparse { first: Some(1), second: 1 }).is_ok());
    refused("postcard", &Flat);
}

/// A map of unknown length, as `#[serde(flatten)]` makes.
struct Flat;

impl Serialize for Flat {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde::ser::SerializeMap::end(serializer.serialize_map(None)?)
    }
}

#[test]
fn more_or_less_is_damage() {
    let bytes = format("postcard").encode(&(1_u8, "text")).expect("encoded");
    damaged::<(u8, String)>("postcard", &bytes[..bytes.len() - 1]);
    damaged::<(u8, String)>("postcard", &[&bytes[..], &[0]].concat());
}
