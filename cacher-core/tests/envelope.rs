//! A sealed entry is opened by its own identity and unchanged, or not at all.
#![cfg(feature = "json")]

use std::time::Duration;

use cacher_core::{
    entry::{Stamp, Times},
    envelope::{Content, Encoding, Identity, inspect, may_carry_tags, open, seal},
    error::Kind,
    schema::Fingerprint,
};
use proptest::{collection, prelude::*};

const FORMATS: [&str; 2] = ["json", "msgpack"];
const IDENTITY: Identity<'static> = Identity { namespace: "shop::rates<\"ü\">", key: b"\n2026-11-20" };
const TIMES: Times = Times {
    load_began: Stamp(1_795_201_839_870),
    created: Stamp(1_795_201_840_123),
    fresh_until: Stamp(1_795_205_440_123),
    keep_until: Stamp::NEVER,
    load_time: Duration::from_micros(252_816),
};
const CONTENT: Content<'static> = Content {
    value: br#"{"EUR":[1.08,-0.0],"note":"a \"b\", {c}: [d]\\","none":[],"empty":{},"deep":[[{"x":null}]],"t":true}"#,
    arguments: Some(br#"{"day":"2026-11-20"}"#),
    tags: &[],
};

const GOLDEN_JSON: &str = r#"{
  "cacher": 1,
  "function": "shop::rates<\"ü\">",
  "arguments": {
    "day": "2026-11-20"
  },
  "key": "0a323032362d31312d3230",
  "written": "2026-11-20T19:10:40.123Z",
  "fresh_until": "2026-11-20T20:10:40.123Z",
  "keep_until": null,
  "load_began": "2026-11-20T19:10:39.870Z",
  "load_ms": 252.816,
  "value": {
    "EUR": [
      1.08,
      -0.0
    ],
    "note": "a \"b\", {c}: [d]\\",
    "none": [],
    "empty": {},
    "deep": [
      [
        {
          "x": null
        }
      ]
    ],
    "t": true
  },
  "checksum": "1dad9a2f4562bfcaaaf8a4b14550f780"
}
"#;

const GOLDEN_BINARY: &str = "\
    896361636865720a0107000000000000006d73677061636b110000000000000073686f703a3a72617465733c22c3bc223e0b0000\
    00000000000a323032362d31312d3230fe325efaa1010000fb335efaa10100007b2295faa1010000ffffffffffffffff90db0300\
    0000000064000000000000007b22455552223a5b312e30382c2d302e305d2c226e6f7465223a2261205c22625c222c207b637d3a\
    205b645d5c5c222c226e6f6e65223a5b5d2c22656d707479223a7b7d2c2264656570223a5b5b7b2278223a6e756c6c7d5d5d2c22\
    74223a747275657d9e476da8d1184c2016155d060e9db56f";

fn sealed(format: &str) -> Vec<u8> {
    seal(format, &IDENTITY, &TIMES, &CONTENT)
}

/// Opens `bytes` as what [`sealed`] made, and says whether they are that; they must not be anything else.
fn is_sealed(format: &str, bytes: &[u8]) -> bool {
    let header = inspect(bytes);
    match open(bytes, format, &IDENTITY) {
        Ok(opened) => {
            assert_eq!((opened.times, &*opened.value), (TIMES, CONTENT.value));
            assert_eq!(header.map(|header| (header.namespace, header.times)), Some((IDENTITY.namespace.into(), TIMES)));
            true
        }
        Err(error) => {
            assert_eq!((error.kind(), header), (Kind::Damaged, None));
            false
        }
    }
}

#[track_caller]
fn assert_damaged(bytes: &[u8], format: &str, identity: &Identity<'_>, reason: &str) {
    let error = open(bytes, format, identity).expect_err("damaged");
    assert_eq!(error.kind(), Kind::Damaged);
    assert!(error.to_string().contains(reason), "{error}");
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// An object with the members in `text` and a checksum that is right.
fn with_checksum(text: &str) -> Vec<u8> {
    let sum = hex(&blake3::hash(text.as_bytes()).as_bytes()[..16]);
    format!("{text},\"checksum\":\"{sum}\"}}").into_bytes()
}

#[test]
fn tags_are_seen_at_a_glance() {
    for format in FORMATS {
        let tagged = Content { tags: &[7; 32], ..CONTENT };
        assert!(may_carry_tags(&seal(format, &IDENTITY, &TIMES, &tagged)), "{format}");
        assert!(!may_carry_tags(&sealed(format)), "{format}");
        let own = Content { value: br#"{"tags":["a"]}"#, ..CONTENT };
        assert!(!may_carry_tags(&seal(format, &IDENTITY, &TIMES, &own)), "{format}: the value's own");
    }
    assert!(!may_carry_tags(b"") && !may_carry_tags(b"\x89cacher\n"));
}

#[test]
fn the_readable_form_is_golden() {
    assert_eq!(String::from_utf8(sealed("json")).expect("text"), GOLDEN_JSON);
    assert!(is_sealed("json", GOLDEN_JSON.as_bytes()));
}

#[test]
fn the_compact_form_is_golden() {
    assert_eq!(hex(&sealed("msgpack")), GOLDEN_BINARY);
    assert!(is_sealed("msgpack", &sealed("msgpack")));
}

#[test]
fn every_flipped_bit_is_seen() {
    for format in FORMATS {
        let entry = sealed(format);
        for (position, bit) in (0..entry.len()).flat_map(|position| (0..8).map(move |bit| (position, bit))) {
            let mut bytes = entry.clone();
            bytes[position] ^= 1 << bit;
            let harmless = entry[position].is_ascii_whitespace() && bytes[position].is_ascii_whitespace();
            assert!(!is_sealed(format, &bytes) || (format == "json" && harmless), "{format}, bit {bit} of {position}");
        }
    }
}

#[test]
fn every_truncation_is_seen() {
    for format in FORMATS {
        let entry = sealed(format);
        let whole = entry.trim_ascii_end().len();
        for length in 0..whole {
            assert!(!is_sealed(format, &entry[..length]), "{format}, {length}");
        }
        assert!(!is_sealed(format, &[&entry[..], b"}"].concat()));
    }
}

#[test]
fn layout_does_not_matter() {
    let lines = GOLDEN_JSON.replace('\n', "\r\n");
    let wide = GOLDEN_JSON.replace("\n  ", "\n\t    ").replace("\": ", "\"  :\n");
    let flat = GOLDEN_JSON.lines().map(str::trim_start).collect::<String>().replace("\": ", "\":");
    for text in [&lines, &wide, &flat, GOLDEN_JSON.trim_end(), &format!("\n {GOLDEN_JSON}\n")] {
        assert!(is_sealed("json", text.as_bytes()), "{text}");
    }
}

#[test]
fn another_identity_is_a_mismatch() {
    for format in FORMATS {
        let entry = sealed(format);
        assert_damaged(&entry, format, &Identity { namespace: "shop::rate", ..IDENTITY }, "another function");
        assert_damaged(&entry, format, &Identity { key: b"\n2026-11-21", ..IDENTITY }, "another call");
        assert_damaged(&entry, format, &Identity { key: b"", ..IDENTITY }, "another call");
    }
    assert_damaged(&sealed("json"), "msgpack", &IDENTITY, "another format");
    assert_damaged(&sealed("msgpack"), "json", &IDENTITY, "another format");
    assert_damaged(&sealed("msgpack"), "msgpack2", &IDENTITY, "another format");
}

#[test]
fn the_reason_is_named() {
    let mut binary = sealed("msgpack");
    assert_damaged(&binary[1..], "msgpack", &IDENTITY, "no entry of a cache");
    assert_damaged(&binary[..9], "msgpack", &IDENTITY, "cut short or altered");
    binary[8] = 2;
    assert_damaged(&binary, "msgpack", &IDENTITY, "another version");
    assert_damaged(b"{}", "json", &IDENTITY, "no entry of a cache");
    assert_damaged(GOLDEN_JSON.replace("1.08", "1.07").as_bytes(), "json", &IDENTITY, "cut short or altered");
    assert_damaged(
        GOLDEN_JSON.replace("\"cacher\": 1,", "\"cacher\": 12,").as_bytes(),
        "json",
        &IDENTITY,
        "another version",
    );
    assert_damaged(&with_checksum("{\"cacher\":1,\"function\":\"f\""), "json", &IDENTITY, "malformed");
}

#[test]
fn a_foreign_file_is_left_alone() {
    let nested = format!("{{\"entry\":{GOLDEN_JSON}}}");
    let files = [
        "",
        " ",
        "{",
        "{}",
        "[]",
        "null",
        "\"cacher\"",
        "{\"cacher\":1}",
        "{\"cacher\":1,",
        "{\"cacher\": 1, \"function\": \"f\"}",
    ];
    for file in files.into_iter().chain([&*nested, "{\"name\":\"cacher\",\"version\":\"1.0.0\",\"dependencies\":{}}"]) {
        assert_eq!(inspect(file.as_bytes()), None, "{file}");
    }
    for text in [
        "{\"cacher\":1,",
        "{\"cacher\":1,\"function\":\"f\"",
        "{\"cacher\":1,\"value\":[}",
        "{\"cacher\":2,\"a\":1",
        "{\"a\":1",
    ] {
        assert_eq!(inspect(&with_checksum(text)), None, "{text}");
    }
    for file in [&b"\x89PNG\r\n\x1a\n"[..], b"\x89cacher\n", b"\x89cacher\n\x01", &[0xff; 100]] {
        assert_eq!(inspect(file), None);
    }
}

#[test]
fn arguments_may_be_left_out() {
    let without = seal("json", &IDENTITY, &TIMES, &Content { arguments: None, ..CONTENT });
    assert!(is_sealed("json", &without));
    assert!(!String::from_utf8_lossy(&without).contains("arguments"));
    assert!(!String::from_utf8_lossy(&sealed("msgpack")).contains("day"));
}

#[test]
fn dates_follow_the_calendar() {
    let is_leap = |year| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut days = 0;
    for year in 1970..=9999 {
        let lengths = [31, if is_leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        for (month, length) in (1..).zip(lengths) {
            if month % 4 == 2 || year % 100 == 0 {
                assert_written(
                    (days + length) * 86_400_000 - 1,
                    &format!("\"{year}-{month:02}-{length}T23:59:59.999Z\""),
                );
            }
            days += length;
        }
    }
    assert_written(0, "\"1970-01-01T00:00:00.000Z\"");
    assert_written(253_402_300_800_000, "253402300800000");
    assert_written(u64::MAX, "null");
}

/// That this is how `ms` is written, and that it is read again.
fn assert_written(ms: u64, text: &str) {
    let times = Times { created: Stamp(ms), ..TIMES };
    let identity = Identity { namespace: "f", key: b"" };
    let entry = seal("json", &identity, &times, &Content { value: b"1", arguments: None, tags: &[] });
    let line = format!("\n  \"written\": {text},\n");
    assert!(String::from_utf8_lossy(&entry).contains(&line), "{line}");
    assert_eq!(open(&entry, "json", &identity).expect("intact").times, times);
}

fn stamp() -> impl Strategy<Value = Stamp> {
    prop_oneof![any::<u64>(), 0..300_000_000_000_000_u64, Just(u64::MAX)].prop_map(Stamp)
}

fn times() -> impl Strategy<Value = Times> {
    (stamp(), stamp(), stamp(), stamp(), any::<u64>()).prop_map(
        |(load_began, created, fresh_until, keep_until, micros)| Times {
            load_began,
            created,
            fresh_until,
            keep_until,
            load_time: Duration::from_micros(micros),
        },
    )
}

proptest! {
    #[test]
    fn what_is_sealed_is_opened(
        times in times(),
        namespace in any::<String>(),
        key in collection::vec(any::<u8>(), 0..50),
        text in any::<String>(),
        arguments in any::<Option<String>>(),
        tags in collection::vec(any::<[u8; 32]>(), 0..3),
    ) {
        let identity = Identity { namespace: &namespace, key: &key };
        let value = serde_json::to_vec(&(&text, [&text])).expect("json");
        let arguments = arguments.map(|text| serde_json::json!({ &*text: text }).to_string().into_bytes());
        for format in FORMATS {
            let content = Content { value: &value, arguments: arguments.as_deref(), tags: &tags.concat() };
            let entry = seal(format, &identity, &times, &content);
            let opened = open(&entry, format, &identity).expect("intact");
            prop_assert_eq!((opened.times, &*opened.value, opened.tags.to_vec()), (times, &*value, tags.concat()));
            let header = inspect(&entry).expect("ours");
            prop_assert_eq!((&*header.namespace, header.times), (&*namespace, times));
        }
    }

    #[test]
    fn any_bytes_are_foreign(bytes in collection::vec(any::<u8>(), 0..300)) {
        for format in FORMATS {
            prop_assert!(!is_sealed(format, &bytes));
            let start = sealed(format);
            prop_assert!(!is_sealed(format, &[&start[..20], &bytes].concat()));
        }
        let object = [b"{", &bytes[..]].concat();
        prop_assert!(!is_sealed("json", &object));
    }

    #[test]
    fn any_text_with_a_right_checksum_is_no_panic(text in "[{}\\[\\]\",:\\\\ a-z0-9]{0,60}") {
        prop_assert_eq!(inspect(&with_checksum(&format!("{{\"cacher\":1,{text}"))), None);
    }

    #[test]
    fn other_bytes_are_seen(position in any::<prop::sample::Index>(), other in any::<[u8; 3]>()) {
        for format in FORMATS {
            let mut bytes = sealed(format);
            let position = position.index(bytes.len() - 2);
            bytes[position..position + 3].copy_from_slice(&other);
            is_sealed(format, &bytes);
        }
    }

    #[test]
    fn other_times_of_day_are_refused(text in "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z") {
        let member = format!("\"written\":\"{text}\",\"fresh_until\":null,\"keep_until\":null,\"load_began\":null");
        let object = format!("{{\"cacher\":1,\"function\":\"f\",\"key\":\"\",{member},\"load_ms\":0.000,\"value\":1");
        if let Some(header) = inspect(&with_checksum(&object)) {
            let identity = Identity { namespace: "f", key: b"" };
            let entry = seal("json", &identity, &header.times, &Content { value: b"1", arguments: None, tags: &[] });
            prop_assert!(String::from_utf8_lossy(&entry).contains(&text));
        }
    }
}

#[test]
fn schemas_are_compared_where_both_are_known() {
    let of = |schema| [("json", schema), ("postcard", schema)].map(|(format, schema)| Encoding { format, schema });
    let (ours, other) = (Some(Fingerprint::of::<u8>()), Some(Fingerprint::of::<i8>()));
    for (silent, (known, differing)) in of(None).into_iter().zip(of(ours).into_iter().zip(of(other))) {
        let content = Content { value: b"1", arguments: None, tags: &[] };
        let [without, with] = [silent, known].map(|encoding| seal(encoding, &IDENTITY, &TIMES, &content));
        for (entry, encoding) in [(&without, silent), (&without, known), (&with, silent), (&with, known)] {
            assert_eq!(*open(entry, encoding, &IDENTITY).expect("opened").value, *b"1");
        }
        let error = open(&with, differing, &IDENTITY).expect_err("of another make");
        assert!(error.kind() == Kind::Damaged && error.to_string().contains("made of other things"), "{error}");
        assert!(with.len() > without.len() && inspect(&with) == inspect(&without));
    }
}
