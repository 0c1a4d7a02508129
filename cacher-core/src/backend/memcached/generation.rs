//! How a namespace is cleared where keys can't be listed: a number that is a part of every key of it.
//!
//! On each server the number stands in an entry of its own, `namespace|`, and `clear` adds one to it. Every message asks
//! for the number first, with the requests for the keys that it was last seen to make; where it is another by now, they
//! are sent again with that one. So what was cleared, by whomever, is not seen by any request that begins later, and it
//! costs no second way to the server but after a clearing. The number begins at random: when the server evicts it, the
//! next is none that was there before, and old entries don't come back.

use std::{
    hash::{BuildHasher, RandomState},
    time::SystemTime,
};

use super::{
    codec::{Reply, Requests},
    fault::refused,
    server::Server,
};
use crate::{
    backend::{Key, flat},
    error::{Error, Kind, Result},
    sync::lock,
};

/// The longest key of a server.
const LONGEST_KEY: usize = 250;
/// What stands behind a key: `@` and 16 hexadecimal digits.
const MARK: usize = 17;
/// How often a message is sent, at most, while others clear.
const TRIES: usize = 5;

/// The key without its generation, which says where it lives.
pub(super) fn place(key: &Key) -> String {
    flat::key(key, LONGEST_KEY - MARK)
}

/// The key of an entry in a generation: never that of a number, which ends in `|`.
pub(super) fn entry(place: &str, generation: u64) -> String {
    format!("{place}@{generation:016x}")
}

/// The key of the number.
fn number(namespace: &str) -> String {
    flat::prefix(namespace, LONGEST_KEY - MARK)
}

/// One that was not there before. Half of all numbers are left for clearings.
fn fresh() -> u64 {
    RandomState::new().hash_one((std::process::id(), SystemTime::now())) >> 1
}

fn read(reply: &Reply) -> Result<Option<u64>> {
    match reply {
        Reply::Missing => Ok(None),
        Reply::Value(digits) => {
            // The server fills up with blanks.
            let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.trim_end().parse().ok());
            let strange = || Error::new(Kind::Damaged, "something else stands where the number of a namespace should");
            number.map(Some).ok_or_else(strange)
        }
        other => Err(refused(other)),
    }
}

impl Server {
    /// The replies to requests about a generation of the namespace, which was in force when they were answered. `None`
    /// if there is none, and so no entry; with `create` there will be one.
    pub(super) async fn ask_in_force<F>(&self, namespace: &str, create: bool, about: F) -> Result<Option<Vec<Reply>>>
    where
        F: Fn(&mut Requests, u64) + Send + Sync,
    {
        let name = number(namespace);
        let mut known = lock(&self.generations).get(namespace).copied();
        for _ in 0..TRIES {
            let mut requests = Requests::default();
            requests.get(&name);
            if let Some(generation) = known {
                about(&mut requests, generation);
            }
            let mut replies = self.ask(&requests).await?.into_iter();
            let found = read(&replies.next().unwrap_or(Reply::Missing))?;
            match found {
                Some(_) if found == known => return Ok(Some(replies.collect())),
                None if create => known = self.begin(&name).await?,
                _ => known = found,
            }
            self.remember(namespace, known);
            if known.is_none() {
                return Ok(None);
            }
        }
        Err(Error::new(Kind::Rejected, "others clear it all the time, or the server has no room for its number"))
    }

    /// The replies to requests about this generation of the namespace; none if it is not in force. What they change then is
    /// changed where nobody looks any more.
    pub(super) async fn ask_under<F>(&self, namespace: &str, generation: u64, about: F) -> Result<Vec<Reply>>
    where
        F: Fn(&mut Requests) + Send + Sync,
    {
        let mut requests = Requests::default();
        requests.get(&number(namespace));
        about(&mut requests);
        let mut replies = self.ask(&requests).await?.into_iter();
        let found = read(&replies.next().unwrap_or(Reply::Missing))?;
        Ok(if found == Some(generation) { replies.collect() } else { Vec::new() })
    }

    /// The number that is there, or else a fresh one.
    async fn begin(&self, name: &str) -> Result<Option<u64>> {
        let mut requests = Requests::default();
        requests.number_or(name, fresh());
        read(self.ask(&requests).await?.first().unwrap_or(&Reply::Missing))
    }

    fn remember(&self, namespace: &str, known: Option<u64>) {
        let mut generations = lock(&self.generations);
        match known {
            Some(generation) => _ = generations.insert(namespace.to_owned(), generation),
            None => _ = generations.remove(namespace),
        }
    }

    /// Ends the generation, and says whether there was one.
    pub(super) async fn end_generation(&self, namespace: &str) -> Result<bool> {
        let mut requests = Requests::default();
        requests.increment(&number(namespace));
        let next = read(self.ask(&requests).await?.first().unwrap_or(&Reply::Missing))?;
        self.remember(namespace, next);
        Ok(next.is_some())
    }
}
