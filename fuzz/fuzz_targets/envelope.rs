//! Any bytes are an entry or none, with a right checksum too; what is an entry says the same when it is sealed again.
//! Any record of revisions is one or is damaged.
#![no_main]

use cacher_core::{
    backend::{Backend, Key, bytes::Bytes},
    envelope::{Content, Identity, inspect, is_of_another_call, open, seal, value},
    error::Kind,
    wrap::revised::Revised,
};
use cacher_fuzz::{IDENTITY, TIMES};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    check(data);
    check(&with_checksum(data));
    check(&readable_with_checksum(data));
    check_revisions(data);
});

fn check(bytes: &[u8]) {
    let (header, kept) = (inspect(bytes), value(bytes));
    assert_eq!(header.is_some(), kept.is_some());
    let _ = is_of_another_call(bytes, &IDENTITY);
    for format in ["json", "msgpack", "postcard+lz4"] {
        let header = header.as_ref();
        let identity = header.map_or(IDENTITY, |own| Identity { namespace: &own.namespace, key: &own.key });
        let Ok(opened) = open(bytes, format, &identity) else { continue };
        let content = Content { value: &opened.value, arguments: None, tags: &[] };
        let again = seal(format, &identity, &opened.times, &content);
        assert_eq!(open(&again, format, &identity).expect("sealed").times, opened.times);
    }
}

fn sum(bytes: &[u8]) -> [u8; 16] {
    let mut sum = [0; 16];
    sum.copy_from_slice(&blake3::hash(bytes).as_bytes()[..16]);
    sum
}

fn with_checksum(data: &[u8]) -> Vec<u8> {
    [data, &sum(data)].concat()
}

/// The checksum covers what stands before its own member.
fn readable_with_checksum(data: &[u8]) -> Vec<u8> {
    let digits: String = sum(data).iter().map(|byte| format!("{byte:02x}")).collect();
    [data, format!(",\"checksum\":\"{digits}\"}}").as_bytes()].concat()
}

fn check_revisions(data: &[u8]) {
    let key = Key { namespace: "app::fetch".into(), name: "a".into(), format: "msgpack" };
    let space = "app::fetch@@revisions";
    let identity = Identity { namespace: space, key: b"a" };
    let record = seal("revisions", &identity, &TIMES, &Content { value: data, arguments: None, tags: &[] });
    let inner = Bytes::new();
    inner.put(&Key { namespace: space.into(), ..key.clone() }, &record, None).expect("put");
    let store = Revised::new(inner, 3);
    match store.revisions(&key) {
        Ok(kept) => {
            for revision in kept {
                store.revision(&key, i64::try_from(revision.number).unwrap_or(-1)).expect("read");
            }
            store.put(&key, b"new", None).expect("put");
        }
        Err(error) => assert_eq!(error.kind(), Kind::Damaged),
    }
}
