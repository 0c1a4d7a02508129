use proptest::{
    collection::{btree_set, vec},
    prelude::*,
};

use crate::{
    bytes,
    value::{Value, text, value},
};

fn one_after_another(values: &[Value]) -> Vec<u8> {
    values.iter().flat_map(bytes).collect()
}

/// A value and one that is often equal to it, or nearly.
fn neighbours() -> impl Strategy<Value = (Value, Value)> {
    let wrapped = |value: &Value| Value::Seq(vec![value.clone()]);
    prop_oneof![
        (value(), value()),
        value().prop_map(|value| (value.clone(), value)),
        value().prop_map(move |value| (wrapped(&value), value)),
        (vec(value(), 0..4), vec(value(), 0..4)).prop_map(|(one, other)| (Value::Seq(one), Value::Seq(other))),
    ]
}

proptest! {
    #[test]
    fn bytes_are_equal_exactly_if_values_are((one, other) in neighbours()) {
        prop_assert_eq!(bytes(&one) == bytes(&other), one == other);
    }

    #[test]
    fn the_same_value_has_the_same_bytes_again(value in value()) {
        prop_assert_eq!(bytes(&value), bytes(&value.clone()));
    }

    #[test]
    fn no_encoding_begins_another(values in btree_set(value(), 2..60)) {
        let mut all: Vec<_> = values.iter().map(bytes).collect();
        all.sort();
        for pair in all.windows(2) {
            prop_assert!(!pair[1].starts_with(&pair[0]));
        }
    }

    #[test]
    fn joined_encodings_stay_apart(values in vec(value(), 1..5), cut in any::<prop::sample::Index>()) {
        let cut = cut.index(values.len());
        let (head, tail) = values.split_at(cut);
        let nested = [Value::Seq(head.to_vec()), Value::Seq(tail.to_vec())];
        prop_assert_ne!(one_after_another(&nested), one_after_another(&values));
        prop_assert_ne!(one_after_another(head), one_after_another(&values));
    }

    #[test]
    fn text_split_elsewhere_is_another_key(one in text(), other in text(), cut in any::<prop::sample::Index>()) {
        let joined = format!("{one}{other}");
        let cut = cut.index(joined.len() + 1);
        let (head, tail) = joined.split_at(cut);
        prop_assert_eq!(bytes(&(&one, &other)) == bytes(&(head, tail)), cut == one.len());
        prop_assert_ne!(bytes(&(&one, &other)), bytes(&(&joined,)));
        prop_assert_ne!(bytes(&[&one, &other]), bytes(&[&joined]));
    }
}

/// Half a million values: all of depth two over a few leaves.
#[test]
fn all_small_values_differ_and_none_begins_another() {
    let leaves = [
        Value::Unit,
        Value::Bool(false),
        Value::U8(0),
        Value::Str(String::new()),
        Value::Str("\0".into()),
        Value::Bytes(vec![0]),
        Value::Option(None),
        Value::Seq(Vec::new()),
    ];
    let inner: Vec<_> = leaves.iter().cloned().chain(combined(&leaves)).collect();
    let mut all: Vec<_> = combined(&inner).map(|value| bytes(&value)).collect();
    all.sort();
    for pair in all.windows(2) {
        assert!(!pair[1].starts_with(&pair[0]), "{:x?} and {:x?}", pair[0], pair[1]);
    }
}

fn combined(inner: &[Value]) -> impl Iterator<Item = Value> {
    let pairs = inner.iter().flat_map(move |one| inner.iter().map(move |other| (one.clone(), other.clone())));
    pairs.flat_map(|(one, other)| {
        [
            Value::Seq(vec![one.clone(), other.clone()]),
            Value::Map([(one.clone(), other.clone())].into()),
            Value::Pair(Box::new(one.clone()), Box::new(other.clone())),
            Value::Tuple(Box::new((one.clone(), other.clone()))),
            Value::Fields { one: Box::new(one), other: Some(Box::new(other)) },
        ]
    })
}

#[test]
fn width_and_sign_are_identity() {
    let ones = [
        bytes(&1_u8),
        bytes(&1_u16),
        bytes(&1_u32),
        bytes(&1_u64),
        bytes(&1_u128),
        bytes(&1_i8),
        bytes(&1_i16),
        bytes(&1_i32),
        bytes(&1_i64),
        bytes(&1_i128),
        bytes(&1_f32),
        bytes(&1_f64),
        bytes(&'\u{1}'),
        bytes(&true),
        bytes("\u{1}"),
    ];
    for (index, one) in ones.iter().enumerate() {
        assert!(!ones[..index].contains(one), "{one:x?}");
    }
}

#[test]
fn floats_are_told_apart_by_their_bits() {
    assert_ne!(bytes(&0.0_f64), bytes(&-0.0_f64));
    assert_ne!(bytes(&f64::NAN), bytes(&f64::from_bits(f64::NAN.to_bits() | 1)));
    assert_eq!(bytes(&f64::NAN), bytes(&f64::NAN));
}
