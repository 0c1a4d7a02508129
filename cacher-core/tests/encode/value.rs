//! A value of any kind of the serde data model, from a domain so small that equal ones are common.

use std::collections::{BTreeMap, BTreeSet};

use cacher_core::key::encode::AsSet;
use proptest::{
    collection::{btree_map, btree_set, vec},
    option,
    prelude::*,
};
use serde::{Serialize, Serializer};

/// Floats are their bits, so that equality is that of their total order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) enum Value {
    Unit,
    UnitToo,
    Bool(bool),
    Char(char),
    U8(u8),
    U16(u16),
    U64(u64),
    U128(u128),
    I8(i8),
    I64(i64),
    I128(i128),
    #[serde(serialize_with = "f32_of_bits")]
    F32(u32),
    #[serde(serialize_with = "f64_of_bits")]
    F64(u64),
    Str(String),
    #[serde(serialize_with = "as_bytes")]
    Bytes(Vec<u8>),
    Option(Option<Box<Value>>),
    Newtype(Box<Newtype>),
    Pair(Box<Value>, Box<Value>),
    Tuple(Box<(Value, Value)>),
    TupleStruct(Box<TupleStruct>),
    Fields {
        one: Box<Value>,
        #[serde(skip_serializing_if = "Option::is_none")]
        other: Option<Box<Value>>,
    },
    Struct(Box<Struct>),
    Seq(Vec<Value>),
    Map(BTreeMap<Value, Value>),
    #[serde(serialize_with = "as_set")]
    Set(BTreeSet<Value>),
    #[serde(untagged)]
    Untagged(Box<(Value, Value, Value)>),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Newtype(Value);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct TupleStruct(Value, Value);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Struct {
    #[serde(skip_serializing_if = "Option::is_none")]
    one: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<Value>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn f32_of_bits<S: Serializer>(bits: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f32(f32::from_bits(*bits))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn f64_of_bits<S: Serializer>(bits: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(f64::from_bits(*bits))
}

fn as_bytes<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

fn as_set<S: Serializer>(set: &BTreeSet<Value>, serializer: S) -> Result<S::Ok, S::Error> {
    AsSet(set).serialize(serializer)
}

pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![8 => "[ab\u{1}\u{0}]{0,3}", 1 => "a{126,130}"]
}

fn f64_bits() -> impl Strategy<Value = u64> {
    let special = [0.0, -0.0, 1.0, f64::INFINITY, f64::NAN, -f64::NAN].map(f64::to_bits).to_vec();
    prop_oneof![proptest::sample::select(special), Just(f64::NAN.to_bits() | 1)]
}

fn f32_bits() -> impl Strategy<Value = u32> {
    proptest::sample::select([0.0, -0.0, 1.0, f32::NAN].map(f32::to_bits).to_vec())
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        prop_oneof![Just(Value::Unit), Just(Value::UnitToo), Just(Value::Option(None))],
        any::<bool>().prop_map(Value::Bool),
        proptest::sample::select(vec!['\0', 'a', '\u{10ffff}']).prop_map(Value::Char),
        prop_oneof![(0..3_u8).prop_map(Value::U8), (0..3_i8).prop_map(Value::I8)],
        prop_oneof![(0..3_u16).prop_map(Value::U16), (0..3_u128).prop_map(Value::U128)],
        prop_oneof![(0..3_u64).prop_map(Value::U64), any::<u64>().prop_map(Value::U64)],
        prop_oneof![(-2..2_i64).prop_map(Value::I64), (-2..2_i128).prop_map(Value::I128)],
        prop_oneof![f32_bits().prop_map(Value::F32), f64_bits().prop_map(Value::F64)],
        text().prop_map(Value::Str),
        vec(0..2_u8, 0..3).prop_map(Value::Bytes),
    ]
}

fn branch(inner: impl Strategy<Value = Value> + Clone + 'static) -> impl Strategy<Value = Value> {
    let one = inner.clone().prop_map(Box::new);
    let two = (inner.clone(), inner.clone());
    prop_oneof![
        one.clone().prop_map(|value| Value::Option(Some(value))),
        inner.clone().prop_map(|value| Value::Newtype(Box::new(Newtype(value)))),
        (one.clone(), one.clone()).prop_map(|(one, other)| Value::Pair(one, other)),
        two.clone().prop_map(|pair| Value::Tuple(Box::new(pair))),
        two.prop_map(|(one, other)| Value::TupleStruct(Box::new(TupleStruct(one, other)))),
        (one.clone(), option::of(one)).prop_map(|(one, other)| Value::Fields { one, other }),
        (option::of(inner.clone()), option::of(inner.clone()))
            .prop_map(|(one, other)| Value::Struct(Box::new(Struct { one, other }))),
        vec(inner.clone(), 0..4).prop_map(Value::Seq),
        btree_map(inner.clone(), inner.clone(), 0..4).prop_map(Value::Map),
        btree_set(inner.clone(), 0..4).prop_map(Value::Set),
        (inner.clone(), inner.clone(), inner).prop_map(|three| Value::Untagged(Box::new(three))),
    ]
}

pub(crate) fn value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 24, 4, branch)
}
