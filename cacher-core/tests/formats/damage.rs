//! What was changed on the way is damage: all of it with the envelope, and with filters that check.

use std::time::Duration;

use cacher_core::{
    entry::{Stamp, Times},
    envelope::{self, Content, Identity},
    error::Kind,
};

use super::format;

const TIMES: Times = Times {
    load_began: Stamp(1_795_201_839_870),
    created: Stamp(1_795_201_840_123),
    fresh_until: Stamp(1_795_205_440_123),
    keep_until: Stamp::NEVER,
    load_time: Duration::from_micros(252_816),
};
const IDENTITY: Identity<'static> = Identity { namespace: "shop::rates", key: b"x" };

fn changed(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let flipped = (0..bytes.len()).flat_map(move |at| {
        [1, 0x20, 0xff].map(|bits| {
            let mut bytes = bytes.to_vec();
            bytes[at] ^= bits;
            bytes
        })
    });
    let cut = (0..bytes.len()).map(|end| bytes[..end].to_vec());
    let longer = [0, b' ', b'}'].map(|byte| [bytes, &[byte]].concat());
    flipped.chain(cut).chain(longer)
}

#[test]
fn an_entry_of_any_chain_is_itself_or_damaged() {
    let value = vec![1_u8, 2, 3];
    for name in ["json", "msgpack+zstd", "postcard+lz4", "raw+zlib", "npy", "raw+encrypt", "json+zlib+encrypt"] {
        let format = format(name);
        let content = Content { value: &format.encode(&value).expect("encoded"), arguments: None, tags: &[] };
        let sealed = envelope::seal(format.name(), &IDENTITY, &TIMES, &content);
        let opened = envelope::open(&sealed, format.name(), &IDENTITY).expect("opened");
        assert_eq!(format.decode::<Vec<u8>>(&opened.value).expect("decoded"), value);
        assert!(envelope::open(&sealed, "msgpack+lz4", &IDENTITY).is_err());
        for bytes in changed(&sealed) {
            // White space of the readable form means nothing.
            if let Ok(opened) = envelope::open(&bytes, format.name(), &IDENTITY) {
                assert_eq!((name, opened.times), ("json", TIMES));
                assert_eq!(format.decode::<Vec<u8>>(&opened.value).expect("decoded"), value);
            }
        }
    }
}

#[test]
fn filters_with_a_checksum_find_damage_alone() {
    let value = "the value that is to be kept ".repeat(9).into_bytes();
    for name in ["raw+zlib", "raw+lz4", "raw+encrypt", "raw+encrypt?per_key=true"] {
        let format = format(name);
        for bytes in changed(&format.encode(&value).expect("encoded")) {
            match format.decode::<Vec<u8>>(&bytes) {
                Ok(read) => assert_eq!(read, value, "{name}"),
                Err(error) => assert_eq!(error.kind(), Kind::Damaged),
            }
        }
    }
}
