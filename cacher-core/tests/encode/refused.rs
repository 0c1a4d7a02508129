use std::{collections::BTreeMap, thread};

use cacher_core::{error::Kind, key::encode::encode};
use serde::{Serialize, Serializer, ser, ser::SerializeMap};

const DEEPEST: usize = 128;

#[derive(Serialize)]
enum Nest {
    End,
    Deeper(Box<Nest>),
}

fn nest(depth: usize) -> Nest {
    (0..depth).fold(Nest::End, |inner, _| Nest::Deeper(Box::new(inner)))
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct Maps(BTreeMap<Maps, u8>);

fn maps(depth: usize) -> Maps {
    (0..depth).fold(Maps(BTreeMap::new()), |inner, _| Maps([(inner, 0)].into()))
}

#[test]
fn the_deepest_value_is_encoded_and_one_deeper_is_refused() {
    assert!(encode(&nest(DEEPEST)).is_ok());
    let error = encode(&nest(DEEPEST + 1)).expect_err("it is one too deep");
    assert_eq!(error.kind(), Kind::Unstorable);
    assert_eq!(error.to_string(), "the key can't be encoded: values are nested more than 128 deep in it");
}

#[test]
fn a_hostile_depth_leaves_the_stack_whole() {
    let hostile = || (encode(&nest(5_000)).is_err(), encode(&maps(500)).is_err(), encode(&maps(63)).is_ok());
    let thread = thread::Builder::new().stack_size(512 << 10).spawn(hostile).expect("a thread");
    assert_eq!(thread.join().expect("no overflow"), (true, true, true));
}

#[test]
fn a_failing_value_is_refused_with_its_own_words() {
    struct Failing;

    impl Serialize for Failing {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(ser::Error::custom("out of ink"))
        }
    }

    for refused in [encode(&Failing), encode(&(1, Failing)), encode(&[Some(Failing)])] {
        let error = refused.expect_err("it fails");
        assert_eq!(error.kind(), Kind::Unstorable);
        assert_eq!(error.to_string(), "the key can't be encoded: out of ink");
    }
}

#[cfg(unix)]
#[test]
fn a_path_that_is_no_text_is_refused() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::Path};

    let error = encode(Path::new(OsStr::from_bytes(&[0xff]))).expect_err("it is not UTF-8");
    assert_eq!(error.kind(), Kind::Unstorable);
}

#[test]
fn a_map_out_of_step_is_refused() {
    struct Steps(&'static str);

    impl Serialize for Steps {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(None)?;
            for step in self.0.chars() {
                match step {
                    'k' => map.serialize_key(&0)?,
                    _ => map.serialize_value(&0)?,
                }
            }
            map.end()
        }
    }

    assert!(encode(&Steps("kvkv")).is_ok());
    for steps in ["k", "v", "kk", "kkv", "kvv", "vk"] {
        assert!(encode(&Steps(steps)).is_err(), "{steps}");
    }
}
