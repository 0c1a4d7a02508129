//! The stores `redis://`, `rediss://`, `redis+unix://`, `redis-cluster://` and `redis-sentinel://`: one string for each
//! entry, under `namespace|format|name`, with the expiry of the server.

use std::{
    borrow::Cow,
    time::{Duration, SystemTime},
};

use redis::{Cmd, cmd};

use self::link::Link;
use super::{
    Capabilities, Key, Put, Scanned, Watcher,
    driven::{AsyncBackend, Page},
    flat,
};
use crate::{
    error::{Kind, Result},
    sync::Arc,
};

mod connect;
mod fault;
mod lease;
mod line;
mod link;
mod nodes;
mod open;
#[cfg(feature = "redis_tls")]
mod tls;
#[cfg(not(feature = "redis_tls"))]
#[path = "tls_off.rs"]
mod tls;
mod tracking;
mod wire;

/// A Redis or Valkey server, a cluster of them, or the primary that sentinels name.
///
/// Commands of all callers share one connection, which is made with the first of them and again when it is lost.
/// Entries expire to the millisecond. Keys hold printable ASCII only, and `clear` scans for those of its namespace:
/// nothing else in the database is touched. What the server does when it is full (`maxmemory-policy`) and whether it
/// keeps entries over a restart is its own setting.
///
/// A connection that gives no answer within `timeout` is left for another one, and the server is asked to end it first
/// (`CLIENT KILL`, Redis 6.2 or newer): what was given up there does not come after all. The server has `timeout` for
/// each step of `clear` and `len` too.
///
/// Memory in front of it is told of changes by other processes (client-side caching, Redis 6 or newer): what they put,
/// remove or clear, and what expires, is out of memory here some milliseconds later. While the server can't be
/// reached nothing is told, so a lost connection empties memory, at the latest a second and a `timeout` after it broke.
/// A cluster tells of nothing: there the TTL of the memory bounds how old values get.
///
/// A load that others' changes come between is not kept: neither in memory nor, where that is heard of with its own
/// write, in the server. Two commands of two processes that reach the server in the very same moment are told of as one:
/// where even then nothing old may stand, let loads take turns (`single_flight = distributed`), which the server checks
/// as it writes. So do where Redis has no memory in front of it, and is told of nothing.
///
/// In a cluster, `put_many` sends one command for each entry, all at once.
///
/// ```no_run
/// use cacher_core::backend::redis::Redis;
///
/// let store = Redis::from_url("redis://:password@localhost:6379/0?timeout=500ms")?;
/// let cluster = Redis::from_url("redis-cluster://10.0.0.1:6379,10.0.0.2:6379")?;
/// let primary = Redis::from_url("redis-sentinel://10.0.0.1:26379,10.0.0.2:26379/primary")?;
/// # Ok::<(), cacher_core::error::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Redis {
    link: Arc<Link>,
    /// Whether it tells of changes by others.
    coherent: bool,
    url: String,
    timeout: Duration,
    /// The one that was chosen.
    format: Option<Cow<'static, str>>,
}

/// The longest key; Redis takes 512 MiB, people who look at them do not.
const LONGEST_KEY: usize = 1024;
/// How many keys are looked at in one step of a scan, and sent in one command.
const STEP: usize = 500;

fn flat_key(key: &Key) -> String {
    flat::key(key, LONGEST_KEY)
}

/// How long an entry may still stand, in the milliseconds that `PX` takes.
fn milliseconds(expires: SystemTime) -> u64 {
    let left = expires.duration_since(SystemTime::now()).unwrap_or_default();
    u64::try_from(left.as_millis()).unwrap_or(u64::MAX).min(i64::MAX as u64 / 2)
}

/// What puts an entry; or what removes an earlier one, if this one has expired on its way.
fn set(key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Cmd {
    if expires.is_some_and(|expires| milliseconds(expires) == 0) {
        let mut unlink = cmd("UNLINK");
        unlink.arg(flat_key(key));
        return unlink;
    }
    let mut set = cmd("SET");
    set.arg(flat_key(key)).arg(entry);
    if let Some(expires) = expires {
        set.arg("PX").arg(milliseconds(expires).max(1));
    }
    set
}

impl Redis {
    /// Removes what a step of a scan has found.
    async fn unlink(&self, keys: &[Vec<u8>]) -> Result<u64> {
        if keys.is_empty() { Ok(0) } else { self.link.ask(cmd("UNLINK").arg(keys)).await }
    }

    /// Tells others of a change to keys that are not there, which the server does not do: they may be loading them.
    async fn announce(&self, keys: &[String]) -> Result<()> {
        if !self.capabilities().watch {
            return Ok(());
        }
        match self.link.ask_together(&tracking::announcement(keys)).await {
            // A server that is full, or does not let this user: what was asked for is done all the same.
            Err(error) if error.kind() == Kind::Rejected => Ok(()),
            answer => answer,
        }
    }

    /// The keys of a namespace, some at a time.
    async fn keys(&self, namespace: &str, next: Option<&[u8]>) -> Result<(Vec<Vec<u8>>, Option<Vec<u8>>)> {
        let pattern = pattern(&flat::prefix(namespace, LONGEST_KEY));
        self.link.scan(&pattern, next).await
    }
}

/// What `SCAN` takes for this prefix and no other.
fn pattern(prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 1);
    for letter in prefix.chars() {
        if matches!(letter, '*' | '?' | '[' | ']' | '\\' | '^') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('*');
    pattern
}

impl AsyncBackend for Redis {
    fn describe(&self) -> String {
        self.url.clone()
    }

    fn timeout(&self) -> Duration {
        self.timeout
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            expires: true,
            put_if_absent: true,
            touch: true,
            clear: true,
            scan: true,
            shared: true,
            lease: true,
            watch: self.coherent && self.link.can_watch(),
            ..Capabilities::default()
        }
    }

    async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        self.link.ask(cmd("GET").arg(flat_key(key))).await
    }

    async fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<()> {
        self.link.ask(&set(key, entry, expires)).await
    }

    async fn remove(&self, key: &Key) -> Result<bool> {
        let key = flat_key(key);
        let removed: bool = self.link.ask(cmd("UNLINK").arg(&key)).await?;
        if !removed {
            self.announce(&[key]).await?;
        }
        Ok(removed)
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>> {
        let mut found = Vec::with_capacity(keys.len());
        for some in keys.chunks(STEP) {
            let names: Vec<_> = some.iter().map(flat_key).collect();
            found.append(&mut self.link.ask(cmd("MGET").arg(names)).await?);
        }
        Ok(found)
    }

    async fn put_many(&self, entries: &[Put]) -> Result<()> {
        for some in entries.chunks(STEP) {
            self.link.ask_all(some.iter().map(|put| set(&put.key, &put.entry, put.expires)).collect()).await?;
        }
        Ok(())
    }

    async fn remove_many(&self, keys: &[Key]) -> Result<u64> {
        let mut removed = 0;
        for some in keys.chunks(STEP) {
            let names: Vec<_> = some.iter().map(flat_key).collect();
            let there: u64 = self.link.ask(cmd("UNLINK").arg(&names)).await?;
            // Which of them were not there is not said.
            if there < names.len() as u64 {
                self.announce(&names).await?;
            }
            removed += there;
        }
        Ok(removed)
    }

    async fn put_if_absent(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<bool> {
        if expires.is_some_and(|expires| milliseconds(expires) == 0) {
            return self.link.ask(cmd("EXISTS").arg(flat_key(key))).await.map(|there: bool| !there);
        }
        // Not tried again on another connection: the first may have done it.
        self.link.ask_once(set(key, entry, expires).arg("NX")).await
    }

    async fn touch(&self, key: &Key, expires: Option<SystemTime>) -> Result<bool> {
        let key = flat_key(key);
        let Some(expires) = expires else {
            let _: bool = self.link.ask(cmd("PERSIST").arg(&key)).await?;
            return self.link.ask(cmd("EXISTS").arg(key)).await;
        };
        self.link.ask(cmd("PEXPIRE").arg(key).arg(milliseconds(expires))).await
    }

    async fn clear(&self, namespace: &str) -> Result<u64> {
        let (mut removed, mut next) = (0, None);
        loop {
            let (keys, more) = self.keys(namespace, next.as_deref()).await?;
            removed += self.unlink(&keys).await?;
            if more.is_none() {
                self.announce(&[flat::prefix(namespace, LONGEST_KEY)]).await?;
                return Ok(removed);
            }
            next = more;
        }
    }

    async fn page(&self, namespace: &str, next: Option<&[u8]>) -> Result<Page> {
        let (keys, next) = self.keys(namespace, next).await?;
        if keys.is_empty() {
            return Ok(Page { entries: Vec::new(), next });
        }
        let found: Vec<Option<Vec<u8>>> = self.link.ask(cmd("MGET").arg(&keys)).await?;
        let namespace = Arc::from(namespace);
        let shown = |(key, entry): (&Vec<u8>, Option<Vec<u8>>)| {
            let key = flat::read(&namespace, std::str::from_utf8(key).ok()?, LONGEST_KEY)?;
            Some(Scanned::new(key, entry?))
        };
        Ok(Page { entries: keys.iter().zip(found).filter_map(shown).collect(), next })
    }

    fn shown<'a>(&self, key: &'a Key) -> Cow<'a, Key> {
        flat::shown(key, LONGEST_KEY)
    }

    async fn len(&self, namespace: &str) -> Result<u64> {
        let (mut count, mut next) = (0, None);
        loop {
            let (keys, more) = self.keys(namespace, next.as_deref()).await?;
            count += keys.len() as u64;
            if more.is_none() {
                return Ok(count);
            }
            next = more;
        }
    }

    async fn lease(&self, key: &Key, owner: &str, life: Duration) -> Result<Option<String>> {
        self.link.ask(&lease::take(&flat_key(key), owner, life)).await
    }

    async fn put_leased(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>, token: &str) -> Result<bool> {
        // Not sent again on another connection: the first may have ended the lease.
        self.link.ask_once(&lease::put(&flat_key(key), entry, expires, token)).await
    }

    async fn end_lease(&self, key: &Key, token: Option<&str>) -> Result<()> {
        self.link.ask(&lease::end(&flat_key(key), token)).await
    }

    fn watch(&self, namespace: &str, watcher: Watcher) -> bool {
        let can = self.capabilities().watch;
        if can {
            self.link.watch(flat::prefix(namespace, LONGEST_KEY), watcher);
        }
        can
    }

    fn mark(&self, key: &Key) -> u64 {
        tracking::mark(&flat_key(key))
    }

    fn format(&self) -> Cow<'static, str> {
        self.format.clone().unwrap_or(Cow::Borrowed("msgpack"))
    }

    fn has_own_format(&self) -> bool {
        self.format.is_some()
    }
}
