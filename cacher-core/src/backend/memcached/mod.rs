//! The stores `memcached://` and `memcached+unix://`: an item for each entry, by the meta protocol.

use std::{
    borrow::Cow,
    pin::pin,
    time::{Duration, SystemTime},
};

use self::{
    codec::{Mode, Reply, Requests, What},
    fault::refused,
    server::Server,
};
use super::{Capabilities, Key, Put, driven::AsyncBackend, message};
use crate::{
    clock::Clock,
    error::{Error, Kind, Result},
    work::within,
};

mod codec;
mod connection;
mod expiry;
mod fault;
mod generation;
mod lease;
mod open;
mod ring;
mod server;

/// Memcached 1.6 or newer: one server, or several that share the keys.
///
/// * **Clearing.** Keys end in a number of their namespace, which each server keeps in an item `namespace|`. It is asked
///   for in the same message as the entries, so a `clear` by any process holds at once for every operation that begins
///   after it; it is not atomic over several servers. What was cleared goes when it expires or the server needs the
///   room. Nothing else on the server is touched, and nothing is flushed.
/// * **Atomic** are a single put, `put_if_absent`, `touch` and `remove`. `put_many` is one message for
///   up to 10,000 entries or 8 MiB of one server, each on its own.
/// * **Leases** of loads (`single_flight = distributed`) stand in the place of their entries: one command puts an entry
///   only if its lease is still there (CAS). They may last two seconds longer than they should, and end early where the
///   server needs the room; then what was loaded under them is not put, and an entry that was there before goes as well.
/// * **Not durable**: the server forgets when it ends, and what was not asked for longest when it is full. It may forget
///   the number of a namespace too; then all of that namespace is absent.
/// * **Expiry** is that of the server, in whole seconds: an entry stands up to two seconds longer than it should. The
///   cache judges by the exact time, which is in the entry.
/// * **Limits.** An entry is a mebibyte at most, as long as the server is not told otherwise (`-I 8m`). A larger one is
///   refused with [`Kind::Rejected`], and the one before it is gone. `scan` and `len` are not supported.
/// * **Several servers.** A key lives on one of them, by rendezvous hashing. There is no replacement for one that can't be
///   reached: its keys are misses, and a clearing fails until it is back. A server that was taken off the list while
///   others cleared has to be emptied before it is put back.
///
/// Up to eight connections to each server, which are made when they are needed and again when they are lost. After an
/// operation whose time is up its connection is closed; a server that was only slow may still do what it was asked.
///
/// ```no_run
/// use cacher_core::backend::memcached::Memcached;
///
/// let store = Memcached::from_url("memcached://localhost?timeout=500ms")?;
/// let several = Memcached::from_url("memcached://user:password@10.0.0.1:11211,10.0.0.2:11211")?;
/// let socket = Memcached::from_url("memcached+unix:///run/memcached.sock")?;
/// # Ok::<(), cacher_core::error::Error>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct Memcached {
    servers: Vec<Server>,
    url: String,
    timeout: Duration,
    format: Option<Cow<'static, str>>,
}

/// What puts an entry; or what removes an earlier one, if this one has expired on its way.
fn set(requests: &mut Requests, key: &str, entry: &[u8], expires: Option<SystemTime>) {
    match expiry::seconds(expires, SystemTime::now()) {
        Some(seconds) => requests.set(key, entry, seconds, Mode::Always),
        None => requests.remove(key),
    }
}

/// What puts an entry in place of the item that has this number; or what removes that.
fn set_if(requests: &mut Requests, key: &str, entry: &[u8], expires: Option<SystemTime>, unique: u64) {
    match expiry::seconds(expires, SystemTime::now()) {
        Some(seconds) => requests.set_if(key, entry, What::Entry, seconds, unique),
        None => requests.remove_if(key, unique),
    }
}

/// Whether it was done, or nothing was there.
fn done(reply: Option<&Reply>) -> Result<bool> {
    match reply {
        Some(Reply::Done) => Ok(true),
        Some(Reply::Missing | Reply::NotStored) | None => Ok(false),
        Some(other) => Err(refused(other)),
    }
}

fn found(reply: Reply) -> Result<Option<Vec<u8>>> {
    match reply {
        Reply::Value(entry) => Ok(Some(entry)),
        Reply::Missing => Ok(None),
        other => Err(refused(&other)),
    }
}

/// Where an item lives, and whose it is.
struct Item<'a> {
    server: usize,
    namespace: &'a str,
    place: String,
}

impl Memcached {
    fn item<'a>(&self, key: &'a Key) -> Item<'a> {
        let place = generation::place(key);
        let server = match self.servers.len() {
            1 => 0,
            _ => ring::pick(self.servers.iter().map(|server| &*server.name), &place),
        };
        Item { server, namespace: &key.namespace, place }
    }

    /// The only reply to a request about one entry; `None` if its namespace has none.
    async fn ask<F>(&self, key: &Key, create: bool, about: F) -> Result<Option<Reply>>
    where
        F: Fn(&mut Requests, &str) + Send + Sync,
    {
        let item = self.item(key);
        let about = |requests: &mut Requests, generation| about(requests, &generation::entry(&item.place, generation));
        let replies = self.servers[item.server].ask_in_force(item.namespace, create, about).await?;
        Ok(replies.and_then(|replies| replies.into_iter().next()))
    }

    /// The replies to a request about each of many entries, in messages of those that are together.
    async fn ask_many<F, S>(&self, keys: &[&Key], create: bool, size: S, about: F) -> Result<Vec<Reply>>
    where
        F: Fn(&mut Requests, usize, &str) + Send + Sync,
        S: Fn(&usize) -> usize + Send + Sync,
    {
        let items: Vec<_> = keys.iter().map(|key| self.item(key)).collect();
        let mut order: Vec<_> = (0..items.len()).collect();
        let together = |at: usize| (items[at].server, items[at].namespace);
        order.sort_by_key(|at| together(*at));
        let mut all = vec![Reply::Missing; items.len()];
        for part in order.chunk_by(|a, b| together(*a) == together(*b)).flat_map(|part| message::parts(part, &size)) {
            let about = |requests: &mut Requests, generation| {
                for at in part {
                    about(requests, *at, &generation::entry(&items[*at].place, generation));
                }
            };
            let (server, namespace) = together(part[0]);
            let replies = self.servers[server].ask_in_force(namespace, create, about).await?;
            for (at, reply) in part.iter().zip(replies.into_iter().flatten()) {
                all[*at] = reply;
            }
        }
        Ok(all)
    }

    /// The error of a put that was refused. What was there before must not stand.
    async fn give_up(&self, key: &Key, refusal: Error) -> Error {
        match self.remove(key).await {
            Err(lost) if refusal.kind() != Kind::Unavailable => lost,
            _ => refusal,
        }
    }
}

impl AsyncBackend for Memcached {
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
            shared: true,
            lease: true,
            ..Capabilities::default()
        }
    }

    async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        let reply = self.ask(key, false, Requests::get).await?;
        reply.map_or(Ok(None), found)
    }

    async fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<()> {
        let reply = self.ask(key, true, |requests, key| set(requests, key, entry, expires)).await?;
        match done(reply.as_ref()) {
            Ok(_) => Ok(()),
            Err(refusal) => Err(self.give_up(key, refusal).await),
        }
    }

    async fn remove(&self, key: &Key) -> Result<bool> {
        let remove = |requests: &mut Requests, key: &str| {
            requests.look(key);
            requests.remove(key);
        };
        let (_, replies) = self.ask_for(key, false, remove).await?;
        // A lease goes as well, and was none.
        let was_there = done(replies.first())?;
        Ok(done(replies.get(1))? && was_there)
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>> {
        let keys: Vec<_> = keys.iter().collect();
        let replies = self.ask_many(&keys, false, |_| 0, |requests, _, key| requests.get(key)).await?;
        replies.into_iter().map(found).collect()
    }

    async fn put_many(&self, entries: &[Put]) -> Result<()> {
        let keys: Vec<_> = entries.iter().map(|put| &put.key).collect();
        let set = |requests: &mut Requests, at: usize, key: &str| {
            set(requests, key, &entries[at].entry, entries[at].expires);
        };
        let replies = self.ask_many(&keys, true, |at| message::size(&entries[*at]), set).await?;
        let mut outcome = Ok(());
        for (key, reply) in keys.into_iter().zip(&replies) {
            if let Err(refusal) = done(Some(reply)) {
                outcome = outcome.and(Err(self.give_up(key, refusal).await));
            }
        }
        outcome
    }

    async fn remove_many(&self, keys: &[Key]) -> Result<u64> {
        let keys: Vec<_> = keys.iter().collect();
        let replies = self.ask_many(&keys, false, |_| 0, |requests, _, key| requests.remove(key)).await?;
        replies.iter().try_fold(0, |removed, reply| Ok(removed + u64::from(done(Some(reply))?)))
    }

    async fn put_if_absent(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<bool> {
        let Some(seconds) = expiry::seconds(expires, SystemTime::now()) else {
            return self.get(key).await.map(|there| there.is_none());
        };
        let set = |requests: &mut Requests, key: &str| requests.set(key, entry, seconds, Mode::IfAbsent);
        if done(self.ask(key, true, set).await?.as_ref())? {
            return Ok(true);
        }
        // A lease may be in its way.
        let Some(unique) = self.leased(key).await? else { return Ok(false) };
        let set = |requests: &mut Requests, key: &str| requests.set_if(key, entry, What::Entry, seconds, unique);
        done(self.ask(key, true, set).await?.as_ref())
    }

    async fn touch(&self, key: &Key, expires: Option<SystemTime>) -> Result<bool> {
        if self.leased(key).await?.is_some() {
            return Ok(false);
        }
        let touch = |requests: &mut Requests, key: &str| match expiry::seconds(expires, SystemTime::now()) {
            Some(seconds) => requests.touch(key, seconds),
            None => requests.remove(key),
        };
        done(self.ask(key, false, touch).await?.as_ref())
    }

    async fn clear(&self, namespace: &str) -> Result<u64> {
        let (mut ended, mut outcome) = (0, Ok(()));
        for server in &self.servers {
            // One that is silent is waited for as for any answer.
            let answer = within(&Clock::System, self.timeout, pin!(server.end_generation(namespace))).await;
            match answer.unwrap_or_else(|| Err(Error::new(Kind::Unavailable, "no answer in time"))) {
                Ok(was_there) => ended += u64::from(was_there),
                Err(error) => outcome = outcome.and(Err(error.within(&server.name))),
            }
        }
        outcome.map(|()| ended)
    }

    async fn lease(&self, key: &Key, owner: &str, life: Duration) -> Result<Option<String>> {
        self.take_lease(key, owner, life).await
    }

    async fn put_leased(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>, token: &str) -> Result<bool> {
        self.put_under_lease(key, entry, expires, token).await
    }

    async fn end_lease(&self, key: &Key, token: Option<&str>) -> Result<()> {
        self.give_lease_back(key, token).await
    }

    fn format(&self) -> Cow<'static, str> {
        self.format.clone().unwrap_or(Cow::Borrowed("msgpack"))
    }

    fn has_own_format(&self) -> bool {
        self.format.is_some()
    }
}
