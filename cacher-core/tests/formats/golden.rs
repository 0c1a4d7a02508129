//! What earlier versions stored is read for ever, or is a clean miss.

use std::{fmt::Debug, fs, path::PathBuf, time::Duration};

use cacher_core::{
    entry::{Stamp, Times},
    envelope::{Content, Identity, open, seal},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{Post, format};

const IDENTITY: Identity<'static> = Identity { namespace: "shop::posts<u8>", key: b"\n2026-11-20" };
const TIMES: Times = Times {
    load_began: Stamp(1_795_201_839_870),
    created: Stamp(1_795_201_840_123),
    fresh_until: Stamp(1_795_205_440_123),
    keep_until: Stamp::NEVER,
    load_time: Duration::from_micros(252_816),
};

const OF_POSTS: [&str; 9] = [
    "json",
    "msgpack",
    "postcard",
    "json+zlib",
    "msgpack+zstd",
    "postcard+lz4",
    "json+encrypt",
    "msgpack+zstd+encrypt",
    "msgpack+encrypt_per_key",
];

fn post() -> Post {
    let parent = Post { id: 1, title: "\"é\"\n".into(), tags: Vec::new(), score: 0.1, parent: None };
    let tags = vec![Some("a".into()), None, Some("b".repeat(40))];
    Post { id: u64::MAX, title: "Golden".into(), tags, score: -1.5e300, parent: Some(Box::new(parent)) }
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/version-1").join(name)
}

fn sealed<T: Serialize>(name: &str, value: &T) -> Vec<u8> {
    let format = format(name);
    let content = Content { value: &format.encode(value).expect("encoded"), arguments: None, tags: &[] };
    seal(format.name(), &IDENTITY, &TIMES, &content)
}

#[track_caller]
fn assert_read<T: Serialize + DeserializeOwned + PartialEq + Debug>(name: &str, value: &T) {
    let golden = fs::read(path(name)).expect(name);
    let opened = open(&golden, name, &IDENTITY).expect(name);
    assert_eq!(opened.times, TIMES, "{name}");
    assert_eq!(&format(name).decode::<T>(&opened.value).expect(name), value, "{name}");
    // Of what compresses, other versions may make other bytes; what encrypts does each time.
    if !name.contains('+') {
        assert_eq!(golden, sealed(name, value), "{name}");
    }
}

#[test]
fn every_format_is_golden() {
    for name in OF_POSTS {
        assert_read(name, &post());
    }
    assert_read("raw", &vec![0_u8, 1, 254, 255]);
    assert_read("raw+zlib", &"text".repeat(9));
    assert_read("npy", &vec![[1.5_f32, -2.0], [f32::MAX, 0.0]]);
    assert_read("npy+zstd", &vec![[1_i64, -2, 3]]);
}

#[test]
#[ignore = "writes what is missing, once"]
fn write() {
    let write = |name: &str, bytes: Vec<u8>| {
        if !path(name).exists() {
            fs::write(path(name), bytes).expect("written");
        }
    };
    fs::create_dir_all(path("")).expect("made");
    for name in OF_POSTS {
        write(name, sealed(name, &post()));
    }
    write("raw", sealed("raw", &vec![0_u8, 1, 254, 255]));
    write("raw+zlib", sealed("raw+zlib", &"text".repeat(9)));
    write("npy", sealed("npy", &vec![[1.5_f32, -2.0], [f32::MAX, 0.0]]));
    write("npy+zstd", sealed("npy+zstd", &vec![[1_i64, -2, 3]]));
}
