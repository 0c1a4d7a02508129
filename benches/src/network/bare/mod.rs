//! Clients that are asked directly, for entries of the same size.

pub(super) mod memcached;
pub(super) mod mongodb;
pub(super) mod redis;
pub(super) mod sql;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio::runtime::Runtime;

use super::calls::{Answer, KEYS, Operation, many};

/// A client with entries under all keys.
pub(super) trait Bare {
    fn call(&self, operation: Operation, key: u64) -> Answer;
}

/// About as many bytes as an entry of ours has; like those, no two are the same, which would be nothing to write.
fn entry() -> Vec<u8> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut entry = vec![7; 120];
    entry[..8].copy_from_slice(&COUNT.fetch_add(1, Relaxed).to_be_bytes());
    entry
}

/// How many connections those have that need one for each request under way: as many as ours.
const CONNECTIONS: u32 = 8;

/// A key as long as ours.
fn name(key: u64) -> String {
    format!("benches::bare|msgpack|{key:064x}")
}

fn names(first: u64) -> Vec<String> {
    many(first).map(name).collect()
}

/// The client, after it has put all entries.
fn filled(runtime: &Runtime, client: impl Bare + 'static) -> Box<dyn Bare> {
    for key in 0..KEYS {
        runtime.block_on(client.call(Operation::Set, key));
    }
    Box::new(client)
}
