//! Keyers, without a cache.

use cacher_core::keyer::{self, CallKey, Collision, Hash, Keyer, Readable, encode, from_fn};
use proptest::{collection::vec, prelude::*};
use serde::Serialize;

#[path = "encode/value.rs"]
mod value;

use value::{Value, value};

/// The name of a call of `f`.
fn name(keyer: &impl Keyer, arguments: &[&str], sample: &impl Serialize) -> String {
    let identity = encode(sample).expect("encoded");
    keyer.name(&CallKey::new("f", arguments, &identity))
}

/// Texts of what a name is made of, and of what it may not hold.
fn text() -> impl Strategy<Value = String> {
    let part = proptest::sample::select(vec![
        "a",
        "A",
        "b",
        "é",
        "e\u{301}",
        "ß",
        "1",
        "-",
        "_",
        "=",
        ",",
        ".",
        "/",
        "\\",
        "%",
        "%2f",
        "!",
        "!a",
        "+",
        " ",
        "'",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "@",
        "~",
        "none",
        "true",
        "nan",
        "some(",
        "_b=",
        "\0",
        "\n",
        "x".repeat(90).leak(),
    ]);
    vec(part, 0..4).prop_map(|parts| parts.concat())
}

/// Whether it is a file name everywhere, with whatever extension.
fn is_portable(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_=.-!%+,()[]{}'@".contains(&byte);
    name.len() <= 180 && name.bytes().all(plain) && !name.starts_with('.') && !name.ends_with('.')
}

proptest! {
    #[test]
    fn names_of_texts_are_equal_exactly_if_the_texts_are(
        one in (text(), text(), text()),
        other in (text(), text(), text()),
    ) {
        let samples = [&one, &other];
        for keyer in [Readable::new(), Readable::new().unnamed("b"), Readable::new().unnamed("a").unnamed("b")] {
            prop_assert_eq!(keyer::check(&keyer, &["a", "b", "b_c"], samples), Ok(()));
            let names = samples.map(|sample| name(&keyer, &["a", "b", "b_c"], sample));
            prop_assert_eq!(names[0] == names[1], one == other);
            prop_assert!(names.iter().all(|name| is_portable(name)), "{:?}", names);
        }
    }

    #[test]
    fn texts_that_were_split_elsewhere_have_other_names(text in text(), one in any::<prop::sample::Index>(), other in any::<prop::sample::Index>()) {
        let cuts: Vec<_> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let samples = [one, other].map(|cut| text.split_at(cuts[cut.index(cuts.len())]));
        for keyer in [Readable::new(), Readable::new().unnamed("b"), Readable::new().unnamed("a").unnamed("b")] {
            prop_assert_eq!(keyer::check(&keyer, &["a", "b"], samples), Ok(()));
        }
    }

    #[test]
    fn values_of_any_shape_have_names_of_their_own(one in (value(), value()), other in (value(), value())) {
        let samples = [&one, &other];
        prop_assert_eq!(keyer::check(&Readable::new(), &["a", "b"], samples), Ok(()));
        prop_assert_eq!(keyer::check(&Hash, &["a", "b"], samples), Ok(()));
        prop_assert!(is_portable(&name(&Readable::new(), &["a", "b"], &one)));
    }

    #[test]
    fn options_in_options_stay_apart(
        one in any::<Option<Option<Option<Named>>>>(),
        other in any::<Option<Option<Option<Named>>>>(),
    ) {
        prop_assert_eq!(keyer::check(&Readable::new(), &["a"], [&one, &other]), Ok(()));
    }

    #[test]
    fn arguments_are_what_was_passed(values in (value(), text(), value())) {
        let identity = encode(&values).expect("encoded");
        let call = CallKey::new("f", &["a", "b", "c"], &identity);
        let encoded: Vec<_> = call.arguments().map(|argument| argument.value.encoded().to_vec()).collect();
        let expected = [encode(&values.0), encode(&values.1), encode(&values.2)].map(|it| it.expect("encoded"));
        prop_assert_eq!(encoded, expected);
        prop_assert_eq!(call.argument("b").and_then(|b| b.as_str()), Some(values.1.as_str()));
        prop_assert!(call.argument("d").is_none());
    }
}

/// A type whose variants are called like what `Option` is written as.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Named {
    None,
    Some(Option<u8>),
    Other,
}

impl Arbitrary for Named {
    type Parameters = ();
    type Strategy = BoxedStrategy<Self>;

    fn arbitrary_with((): ()) -> BoxedStrategy<Self> {
        let number = proptest::option::of(0..2_u8);
        prop_oneof![Just(Self::None), number.prop_map(Self::Some), Just(Self::Other)].boxed()
    }
}

#[test]
fn devices_dots_and_long_names_are_no_names() {
    let no_arguments =
        |function: &str| Readable::new().name(&CallKey::new(function, &[], &encode(&Owned([])).expect("encoded")));
    assert_eq!(no_arguments("con"), "%con");
    assert_eq!(no_arguments("a."), "a%2e");
    assert_eq!(no_arguments("Ünï/x"), "%c3%9cn%c3%af%2fx");
    assert_eq!(no_arguments(&"x".repeat(180)).len(), 180);
    assert!(no_arguments(&"x".repeat(181)).contains('@'));
}

/// A tuple of nothing.
struct Owned([u8; 0]);

impl Serialize for Owned {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[test]
fn a_collision_says_which_samples() {
    let by_length = from_fn(|call| call.argument("text").map_or(0, |text| text.to_string().len()).to_string());
    let collision = keyer::check(&by_length, &["text"], ["a", "bb", "a", "c"]).expect_err("both are 1 long");
    assert_eq!((collision.first, collision.second, collision.name.as_str()), (0, 3, "1"));
    let by_case = from_fn(|call| call.argument("text").map_or_else(String::new, |text| text.to_string()));
    let names = keyer::check(&by_case, &["text"], ["a", "b", "A"]).map_err(|Collision { name, .. }| name);
    assert_eq!(names, Err("A".to_owned()), "one file where case does not count");
}

#[test]
fn people_read_values_as_they_are() {
    let values = (Value::Str("A/b c".into()), vec![Some("x"), None], "none");
    let identity = encode(&values).expect("encoded");
    let call = CallKey::new("f", &["a", "b"], &identity);
    let shown: Vec<_> = call.arguments().map(|argument| format!("{}:{}", argument.name, argument.value)).collect();
    assert_eq!(shown, ["a:Str(A/b c)", "b:[x,none]", ":none"]);
}
