//! How chains are written, and that what goes in comes out.

use cacher_core::{
    error::Result,
    format::{Context, Filter, Format, filter},
};
use proptest::{collection, option, prelude::*};

use super::{Post, damaged, format, invalid, refused};

const CODECS: [&str; 3] = ["json", "msgpack", "postcard"];
const FILTERS: [&str; 16] = [
    "",
    "+zlib",
    "+zstd",
    "+lz4",
    "+encrypt",
    "+encrypt?per_key=true",
    "+bare",
    "+zlib?level=9",
    "+zlib?level=0&max=1MiB",
    "+zstd?level=-7",
    "+zstd?level=19&max=1MiB",
    "+lz4?max=1000kB",
    "+zlib+zstd+lz4",
    "+zstd+encrypt",
    "+lz4+encrypt?per_key=true",
    "+zlib+bare",
];

fn post() -> impl Strategy<Value = Post> {
    let score = any::<f64>().prop_filter("finite", |score| score.is_finite());
    let tags = collection::vec(option::of(any::<String>()), 0..5);
    let leaf = (any::<u64>(), any::<String>(), tags, score).prop_map(|(id, title, tags, score)| Post {
        id,
        title,
        tags,
        score,
        parent: None,
    });
    leaf.prop_recursive(4, 8, 1, |inner| {
        (inner.clone(), inner).prop_map(|(post, parent)| Post { parent: Some(Box::new(parent)), ..post })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn values_come_back_through_every_chain(post in post()) {
        for codec in CODECS {
            for filters in FILTERS {
                let format = format(&format!("{codec}{filters}"));
                let bytes = format.encode(&post).expect("encoded");
                prop_assert_eq!(&format.decode::<Post>(&bytes).expect("decoded"), &post, "{:?}", format);
            }
        }
    }

    #[test]
    fn bytes_and_text_come_back_through_every_chain(bytes in collection::vec(any::<u8>(), 0..300), text in any::<String>()) {
        for filters in FILTERS {
            let format = format(&format!("raw{filters}"));
            prop_assert_eq!(&format.decode::<Vec<u8>>(&format.encode(&bytes).expect("encoded")).expect("decoded"), &bytes);
            prop_assert_eq!(&format.decode::<String>(&format.encode(&text).expect("encoded")).expect("decoded"), &text);
        }
    }

    #[test]
    fn arrays_come_back_through_every_chain(rows in collection::vec(any::<[f32; 3]>(), 0..20)) {
        for filters in FILTERS {
            let format = format(&format!("npy{filters}"));
            let back = format.decode::<Vec<[f32; 3]>>(&format.encode(&rows).expect("encoded")).expect("decoded");
            let bits = |rows: &[[f32; 3]]| rows.iter().flatten().map(|number| number.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&back), bits(&rows));
        }
    }

    #[test]
    fn filters_work_alone(bytes in collection::vec(any::<u8>(), 0..300)) {
        format("json+encrypt");
        for name in ["zlib", "zstd", "lz4", "encrypt", "encrypt?per_key=true"] {
            let (filter, context) = (filter(name).expect(name), Context::default());
            let applied = filter.apply(bytes.clone(), &context).expect("applied");
            prop_assert_eq!(&filter.undo(&applied, &context).expect("undone"), &bytes);
        }
    }

    #[test]
    fn any_bytes_are_refused_or_read(bytes in collection::vec(any::<u8>(), 0..200)) {
        for codec in ["json", "msgpack", "postcard", "raw", "npy"] {
            for filters in FILTERS {
                let format = format(&format!("{codec}{filters}"));
                let _ = format.decode::<Post>(&bytes);
                let _ = format.decode::<Vec<u8>>(&bytes);
                let _ = format.decode::<Vec<[f64; 2]>>(&bytes);
            }
        }
    }
}

#[test]
fn cty_44_a_chain_is_applied_from_left_to_right() {
    let value = [1_u64, 2, 3];
    let context = Context::default();
    for codec in ["json", "msgpack"] {
        let inner = format(codec).encode(&value).expect("encoded");
        let zstd = filter("zstd").expect("built in");
        let outer = format(&format!("{codec}+zstd")).encode(&value).expect("encoded");
        assert_eq!(outer, zstd.apply(inner.clone(), &context).expect("applied"));
        assert_eq!(zstd.undo(&outer, &context).expect("undone"), inner);
    }
}

#[test]
fn cty_43_unknown_names_are_told() {
    assert_eq!(invalid(""), "there is no format \"\"; there are: json, msgpack, postcard, raw, npy");
    assert!(invalid("subspace").contains("no format \"subspace\""));
    let text = invalid("json+bogus");
    assert!(text.contains("\"json+bogus\"") && text.contains("no filter \"bogus\"; there are: zlib, zstd"), "{text}");
}

#[test]
fn ctu_38_an_unknown_cipher_is_told() {
    assert!(invalid("json+salsa20").contains("no filter \"salsa20\""));
    assert!(filter("salsa20").is_err());
}

#[test]
fn cty_46_parameters_are_checked() {
    for (name, part) in [
        ("json?indent=2", "`json` has no parameter `indent`; it has none"),
        ("json+zlib?level=10", "`level=10` of `zlib` is no number from 0 to 9"),
        ("json+zlib?level=x", "`level=x`"),
        ("json+zlib?level=", "`level=`"),
        ("json+zstd?level=23", "from -7 to 22"),
        ("json+zstd?threads=-1", "`zstd` has no parameter `threads`; it has level, max"),
        ("json+zlib?level=1&level=2", "`level` is given twice"),
        ("json+lz4?level=1", "it has max"),
        ("json+lz4?max=0", "`max=0` of `lz4` is no size"),
        ("json+lz4?max=much", "`max=64MiB`"),
        ("json+encrypt?per_key=yes", "`true` or `false`, not `yes`"),
        ("json+bare?x=1", "`bare` has no parameter `x`"),
    ] {
        let text = invalid(name);
        assert!(text.contains(part), "{name}: {text}");
    }
}

#[test]
fn pieces_have_their_places() {
    for (name, part) in [
        ("zstd", "write what makes them in front, as in `msgpack+zstd`"),
        ("bare", "in front, as in `msgpack+bare`"),
        ("json+msgpack", "`msgpack` makes bytes of a value"),
        ("json+zlib+zlib", "`zlib` is given twice"),
        ("json+encrypt+zstd", "write `zstd+encrypt`"),
        ("json+bare+zlib", "`bare` comes last"),
        ("json+encrypt+bare", "leave `bare` out"),
    ] {
        let text = invalid(name);
        assert!(text.contains(part), "{name}: {text}");
    }
}

#[test]
fn a_name_says_what_reads_it() {
    for (text, name) in [
        ("json", "json"),
        ("msgpack+zstd?level=19", "msgpack+zstd"),
        ("json+zlib?max=1kB+encrypt", "json+zlib+encrypt"),
        ("raw+encrypt?per_key=true", "raw+encrypt_per_key"),
        ("npy+bare", "npy+bare"),
    ] {
        let format = format(text);
        assert_eq!(format.name(), name);
        assert_eq!(Format::named(format.name()).expect("known").name(), name);
    }
}

#[test]
fn a_bomb_is_damage() {
    let zeros = vec![0_u8; 3_000_000];
    for name in ["zlib", "zstd", "lz4"] {
        let bomb = format(&format!("raw+{name}")).encode(&zeros).expect("encoded");
        assert!(bomb.len() < 30_000, "{name}: {}", bomb.len());
        let text = damaged::<Vec<u8>>(&format!("raw+{name}?max=1MB"), &bomb).to_string();
        assert!(text.contains("more than the 1000000 bytes"), "{text}");
        assert_eq!(format(&format!("raw+{name}?max=3MB")).decode::<Vec<u8>>(&bomb).expect("within"), zeros);
        let text = refused(&format!("raw+{name}?max=1MB"), &zeros).to_string();
        assert!(text.contains("write a larger `max`"), "{text}");
    }
}

/// A user's own.
struct Mark(u8);

impl Filter for Mark {
    fn name(&self) -> &'static str {
        if self.0 == 0 { "Not a name!" } else { "mark" }
    }

    fn apply(&self, bytes: Vec<u8>, context: &Context<'_>) -> Result<Vec<u8>> {
        assert!(context.format.contains('+'));
        Ok([vec![self.0], bytes].concat())
    }

    fn undo(&self, bytes: &[u8], _: &Context<'_>) -> Result<Vec<u8>> {
        bytes
            .strip_prefix(&[self.0])
            .map(<[u8]>::to_vec)
            .ok_or_else(|| super::Error::new(super::Kind::Damaged, "no mark"))
    }
}

#[test]
fn ones_own_filter_is_a_piece_like_others() {
    let marked = format("json+zlib").then(Mark(7));
    assert_eq!(marked.name(), "json+zlib+mark");
    let bytes = marked.encode("text").expect("encoded");
    assert_eq!((bytes[0], marked.decode::<String>(&bytes).expect("decoded")), (7, "text".to_owned()));
    assert!(marked.decode::<String>(&bytes[1..]).is_err());
    let bare = format("json+bare").then(Mark(7));
    assert_eq!((bare.name(), bare.is_bare()), ("json+mark+bare", true));
    let odd = format("json").then(Mark(0)).name();
    assert!(odd.strip_prefix("json+x").is_some_and(|hash| hash.len() == 16), "{odd}");
}

/// A type has its own encoding by serde: `#[serde(with)]`, or as here a filter.
#[test]
fn cch_26_ones_own_encoding_of_json() {
    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    #[serde(into = "Vec<u32>", from = "Vec<u32>")]
    struct Set(std::collections::BTreeSet<u32>);
    impl Clone for Set {
        fn clone(&self) -> Self {
            Self(self.0.clone())
        }
    }
    impl From<Set> for Vec<u32> {
        fn from(set: Set) -> Self {
            set.0.into_iter().rev().collect()
        }
    }
    impl From<Vec<u32>> for Set {
        fn from(list: Vec<u32>) -> Self {
            Self(list.into_iter().collect())
        }
    }
    let set = Set([1, 2, 3].into());
    let bytes = format("json").encode(&set).expect("encoded");
    assert_eq!((&*bytes, format("json").decode::<Set>(&bytes).expect("decoded")), (&b"[3,2,1]"[..], set));
}

/// Text is UTF-8, and members keep their order.
#[test]
fn cty_47_json_and_msgpack_are_golden() {
    #[derive(serde::Serialize)]
    struct Value {
        b: u8,
        a: &'static str,
    }
    assert_eq!(format("json").encode(&Value { b: 1, a: "é" }).expect("encoded"), r#"{"b":1,"a":"é"}"#.as_bytes());
    let map = std::collections::BTreeMap::from([("a", 1)]);
    assert_eq!(format("msgpack").encode(&map).expect("encoded"), b"\x81\xa1a\x01");
}

#[test]
fn cch_25_a_nested_object_comes_back() {
    let value = serde_json::json!({"a": {"b": [1, {"c": null}], "d": "é"}});
    for name in ["json", "msgpack", "json+zlib", "msgpack+encrypt"] {
        let bytes = format(name).encode(&value).expect("encoded");
        assert_eq!(format(name).decode::<serde_json::Value>(&bytes).expect("decoded"), value);
    }
}

/// Without an envelope around it the value is laid out for people.
#[test]
fn cch_28_a_bare_value_is_golden() {
    let value = serde_json::json!({"a": "é", "b": [1]});
    assert_eq!(
        format("json+bare").encode(&value).expect("encoded"),
        "{\n  \"a\": \"é\",\n  \"b\": [\n    1\n  ]\n}".as_bytes()
    );
}
