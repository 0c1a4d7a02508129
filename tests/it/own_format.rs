//! A format of the user's own.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use cacher::{
    Cache, Error, Kind, cache,
    format::{
        Format, ValueFormat,
        erased_serde::{Deserializer, Serialize},
    },
};

/// JSON with spaces.
struct Spaced;

fn wrong(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Kind::Damaged, "this is no JSON").caused_by(error)
}

impl ValueFormat for Spaced {
    fn name(&self) -> &'static str {
        "spaced"
    }

    fn encode(&self, value: &dyn Serialize) -> Result<Vec<u8>, Error> {
        serde_json::to_vec_pretty(value).map_err(wrong)
    }

    fn decode(
        &self,
        bytes: &[u8],
        read: &mut dyn FnMut(&mut dyn Deserializer<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut json = serde_json::Deserializer::from_slice(bytes);
        read(&mut <dyn Deserializer<'_>>::erase(&mut json))?;
        json.end().map_err(wrong)
    }
}

#[test]
fn values_go_through_it() {
    static LOADS: AtomicU64 = AtomicU64::new(0);
    #[cache(backend = "memory://?format=msgpack", name = "not its own")]
    fn other() -> Vec<u64> {
        vec![0]
    }
    #[cache(backend = cacher::backend::bytes::Bytes::new(), format = Format::of(Spaced))]
    fn value(n: u64) -> Vec<u64> {
        LOADS.fetch_add(1, SeqCst);
        vec![n, n]
    }
    assert_eq!((value(1), value(1), other()), (vec![1, 1], vec![1, 1], vec![0]));
    assert_eq!((LOADS.load(SeqCst), value::cache().stats().store_errors), (1, 0));
}

#[test]
fn filters_follow_and_what_is_wrong_is_a_miss() {
    let format = Format::of(Spaced);
    assert_eq!((format.name(), format.encode(&[1_u8]).unwrap()), ("spaced", b"[\n  1\n]".to_vec()));
    for wrong in [&b"[1] x"[..], b"[", b"", b"\"a\""] {
        assert_eq!(format.decode::<Vec<u8>>(wrong).unwrap_err().kind(), Kind::Damaged);
    }
    let cache = Cache::<u64, u64>::builder().name("own format").format(Format::of(Spaced));
    let cache = cache.backend(cacher::backend::bytes::Bytes::new()).build().unwrap();
    cache.set(&1, 2);
    assert_eq!(cache.get(&1), Some(2));
}
