//! Leases: an item in the place of the entry, with a flag by which it is none and the owner as its value; or, where there
//! is an entry, with another flag, and the entry behind a line that says the owner and how many seconds it had left. So
//! the server puts an entry under a lease in one command, only if the item is still the one that was seen, by its unique
//! number (CAS); and whoever puts or removes an entry ends its lease.
//!
//! A token is the generation of the namespace and that number, which grows. A server that was started anew counts from 1
//! again, but under another generation.

use std::time::{Duration, SystemTime};

use super::{
    Memcached,
    codec::{Item, Reply, Requests, What, behind_lease},
    done, expiry, generation, set_if,
};
use crate::{
    backend::Key,
    error::{Error, Kind, Result},
    sync::{AtomicU64, Ordering},
};

/// How often it is tried, where others are in the way.
const TRIES: usize = 5;

/// What a lease is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Token {
    generation: u64,
    unique: u64,
}

impl Token {
    fn read(text: &str) -> Option<Self> {
        let (generation, unique) = text.split_once('-')?;
        Some(Self { generation: u64::from_str_radix(generation, 16).ok()?, unique: unique.parse().ok()? })
    }

    fn write(self) -> String {
        format!("{:016x}-{}", self.generation, self.unique)
    }
}

/// Whether a lease is this owner's.
fn is_of(lease: &Item, owner: &str) -> bool {
    let line = lease.value.split(|byte| *byte == b'\n' || *byte == b' ').next();
    line == Some(owner.as_bytes())
}

/// How many seconds an entry had left when a lease was put in front of it, as a server takes them.
fn left(value: &[u8]) -> u32 {
    let line = value.split(|byte| *byte == b'\n').next().and_then(|line| std::str::from_utf8(line).ok());
    let left = line.and_then(|line| line.rsplit(' ').next()?.parse::<i64>().ok());
    let now = SystemTime::now();
    // It was never to go, or is about to.
    let expires = |left: u64| now.checked_add(Duration::from_secs(left.max(1)));
    left.map_or(1, |left| u64::try_from(left).map_or(0, |left| expiry::seconds(expires(left), now).unwrap_or(1)))
}

impl Memcached {
    /// The token of the lease, unless another owner has it.
    pub(super) async fn take_lease(&self, key: &Key, owner: &str, life: Duration) -> Result<Option<String>> {
        let now = SystemTime::now();
        let seconds = expiry::seconds(now.checked_add(life), now).unwrap_or(1);
        for _ in 0..TRIES {
            let take = |requests: &mut Requests, key: &str| {
                requests.lease(key, owner, seconds);
                requests.item(key);
            };
            let (generation, replies) = self.ask_for(key, true, take).await?;
            let Some(Reply::Item(item)) = replies.into_iter().nth(1) else { continue };
            let token = Token { generation, unique: item.unique };
            match item.what {
                _ if item.unique == 0 => {
                    return Err(Error::new(
                        Kind::Unsupported,
                        "without CAS the server gives no leases: leave `-C` out",
                    ));
                }
                What::Lease | What::LeaseOfEntry => return Ok(is_of(&item, owner).then(|| token.write())),
                // Next time it is there.
                What::Entry => self.put_in_front(key, token, owner, seconds, &item).await?,
            }
        }
        Err(Error::new(Kind::Rejected, "others put and remove it all the time"))
    }

    /// Puts a lease in front of an entry, with which it goes. Where that is too large for both, it goes at once.
    async fn put_in_front(&self, key: &Key, token: Token, owner: &str, seconds: u32, entry: &Item) -> Result<()> {
        let left = entry.left.map_or(-1, i64::from);
        let value = [format!("{owner} {left}\n").as_bytes(), &entry.value].concat();
        let set = |requests: &mut Requests, key: &str| {
            requests.set_if(key, &value, What::LeaseOfEntry, seconds, token.unique);
        };
        match self.ask_under(key, token, set).await?.first() {
            Some(Reply::Refused(_)) => self.remove_if(key, token).await,
            _ => Ok(()),
        }
    }

    /// Puts the entry in place of its lease, or does nothing.
    pub(super) async fn put_under_lease(
        &self,
        key: &Key,
        entry: &[u8],
        expires: Option<SystemTime>,
        token: &str,
    ) -> Result<bool> {
        let Some(token) = Token::read(token) else { return Ok(false) };
        let put = |requests: &mut Requests, key: &str| set_if(requests, key, entry, expires, token.unique);
        done(self.ask_under(key, token, put).await?.first())
    }

    /// Ends the lease of a token, or whichever there is.
    pub(super) async fn give_lease_back(&self, key: &Key, token: Option<&str>) -> Result<()> {
        let (generation, replies) = self.ask_for(key, false, Requests::item).await?;
        let Some(Reply::Item(item)) = replies.first() else { return Ok(()) };
        let found = Token { generation, unique: item.unique };
        if token.is_some_and(|token| Token::read(token) != Some(found)) {
            return Ok(());
        }
        match (item.what, behind_lease(&item.value)) {
            (What::Entry, _) => Ok(()),
            (What::LeaseOfEntry, Some(entry)) => {
                let seconds = left(&item.value);
                let restore = |requests: &mut Requests, key: &str| {
                    requests.set_if(key, entry, What::Entry, seconds, found.unique);
                };
                self.ask_under(key, found, restore).await.map(drop)
            }
            (What::Lease | What::LeaseOfEntry, _) => self.remove_if(key, found).await,
        }
    }

    /// The number of what is in the place of the entry, if that is a lease alone.
    pub(super) async fn leased(&self, key: &Key) -> Result<Option<u64>> {
        let (_, replies) = self.ask_for(key, false, Requests::item).await?;
        Ok(match replies.first() {
            Some(Reply::Item(item)) if item.what == What::Lease => Some(item.unique),
            _ => None,
        })
    }

    async fn remove_if(&self, key: &Key, token: Token) -> Result<()> {
        self.ask_under(key, token, |requests, key| requests.remove_if(key, token.unique)).await.map(drop)
    }

    /// The replies to requests about an entry, and the generation that they were asked in; none if there is none.
    pub(super) async fn ask_for<F>(&self, key: &Key, create: bool, about: F) -> Result<(u64, Vec<Reply>)>
    where
        F: Fn(&mut Requests, &str) + Send + Sync,
    {
        let (item, last) = (self.item(key), AtomicU64::new(0));
        let about = |requests: &mut Requests, generation| {
            last.store(generation, Ordering::SeqCst);
            about(requests, &generation::entry(&item.place, generation));
        };
        let replies = self.servers[item.server].ask_in_force(item.namespace, create, about).await?;
        Ok((last.load(Ordering::SeqCst), replies.unwrap_or_default()))
    }

    /// The replies to requests about an entry of the generation of this token; none if another is in force.
    async fn ask_under<F>(&self, key: &Key, token: Token, about: F) -> Result<Vec<Reply>>
    where
        F: Fn(&mut Requests, &str) + Send + Sync,
    {
        let item = self.item(key);
        let about = |requests: &mut Requests| about(requests, &generation::entry(&item.place, token.generation));
        self.servers[item.server].ask_under(item.namespace, token.generation, about).await
    }
}
