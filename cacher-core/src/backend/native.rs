//! What the cache asks of a store whose operations are futures, beside the plain form that wrappers use.

use std::{
    pin::Pin,
    time::{Duration, SystemTime},
};

use super::{Key, Put, Watcher};
use crate::error::Result;

/// A future that needs nothing of its maker.
pub type Answer<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// The operations of calls, as futures that any executor may poll. What they began is done even if they are dropped.
#[doc(hidden)]
pub trait Native: Send + Sync {
    fn get(&self, key: Key) -> Answer<Option<Vec<u8>>>;
    fn put(&self, key: Key, entry: Vec<u8>, expires: Option<SystemTime>) -> Answer<()>;
    fn remove(&self, key: Key) -> Answer<bool>;
    fn get_many(&self, keys: Vec<Key>) -> Answer<Vec<Option<Vec<u8>>>>;
    fn put_many(&self, entries: Vec<Put>) -> Answer<()>;
    fn remove_many(&self, keys: Vec<Key>) -> Answer<u64>;
    fn lease(&self, key: Key, owner: String, life: Duration) -> Answer<Option<String>>;
    fn put_leased(&self, key: Key, entry: Vec<u8>, expires: Option<SystemTime>, token: String) -> Answer<bool>;
    fn end_lease(&self, key: Key, token: Option<String>) -> Answer<()>;
    fn watch(&self, namespace: &str, watcher: Watcher) -> bool;
    fn mark(&self, key: &Key) -> u64;
}
