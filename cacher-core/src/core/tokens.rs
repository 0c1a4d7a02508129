//! What tags are worth in a store: each has a random token there, which the entries that have the tag carry. To
//! invalidate a tag is to remove its token: what carries it is no entry any more, and the next load makes another.
//!
//! Tokens are learned before the body runs. Those of tags that only the value says are learned after it. Then either
//! each is the same as before the body, where it was seen then, or one more token tells whether any tag was
//! invalidated meanwhile: it goes first whenever one is.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
};

use super::{
    Core, LeftOut, Removal,
    known::{Changes, Place},
};
use crate::{
    backend::{Key, Notice, Watcher},
    bridge::{self, Shell},
    entry::{Stamp, Times},
    envelope::{self, Content, Identity},
    error::{Error, Kind, Result},
    hex, registry, scope,
    sync::{Arc, AtomicU64, Mutex, Ordering, Weak, global, lock},
    tags::{self, Tags},
    tier::Store,
};

/// What a tag is called in stores: a hash of its name.
pub(crate) type TagId = [u8; 16];

/// What an entry carries for a tag.
pub(super) type Token = [u8; 16];

/// The tokens of tags in one store.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tokens {
    of: HashMap<TagId, Token>,
    /// The number of the question.
    asked: u64,
}

/// Tokens that a store was seen to have, and the number of questions until then.
#[derive(Debug, Default)]
pub(super) struct Remembered(Mutex<HashMap<TagId, (Token, u64)>>);

global! {
    /// How many questions there were.
    static QUESTIONS: AtomicU64 = AtomicU64::new(0);
}

/// How many tokens are remembered at most.
const MOST: usize = 10_000;

/// What is said of the tokens of each store; nothing of one that can't be asked.
pub(crate) type TokensOfTiers = Arc<[Option<Tokens>]>;

/// The one that goes whenever a tag is invalidated.
const OF_ALL: TagId = [0; 16];

/// What tokens stand under. No function has an empty name.
pub(super) const NAMESPACE: &str = "@tags";
const FORMAT: &str = "tag";

const PAIR: usize = size_of::<TagId>() + size_of::<Token>();

impl Tokens {
    /// What an entry with these tags carries; `None` if a token is not known.
    pub(crate) fn carried(&self, ids: impl Iterator<Item = TagId>) -> Option<Vec<u8>> {
        let mut carried = Vec::new();
        for id in ids {
            carried.extend_from_slice(&id);
            carried.extend_from_slice(self.of.get(&id)?);
        }
        Some(carried)
    }

    /// Whether what an entry carries is what its tags are worth.
    pub(crate) fn agree(&self, carried: &[u8]) -> bool {
        let mut pairs = carried.chunks(PAIR);
        pairs
            .all(|pair| pair.split_first_chunk().is_some_and(|(id, token)| self.of.get(id).is_some_and(|t| t == token)))
    }

    fn has(&self, id: &TagId) -> bool {
        self.of.contains_key(id)
    }
}

/// The tags of an entry, by what it carries.
pub(crate) fn ids(carried: &[u8]) -> impl Iterator<Item = TagId> {
    carried.chunks(PAIR).filter_map(|pair| pair.first_chunk().copied())
}

fn question() -> u64 {
    QUESTIONS.fetch_add(1, Ordering::SeqCst)
}

impl Remembered {
    fn note(&self, tokens: &Tokens) {
        let until = question();
        let mut seen = lock(&self.0);
        if seen.len() + tokens.of.len() > MOST {
            seen.clear();
        }
        for (id, token) in &tokens.of {
            let known = seen.entry(*id).or_insert((*token, until));
            if known.0 != *token {
                *known = (*token, until);
            }
        }
    }

    /// Whether all these were so before that question already.
    fn had(&self, tokens: &Tokens, before: u64) -> bool {
        let seen = lock(&self.0);
        tokens.of.iter().all(|(id, token)| seen.get(id).is_some_and(|(known, at)| known == token && *at < before))
    }
}

fn random() -> Token {
    let half = || RandomState::new().hash_one(std::thread::current().id()).to_le_bytes();
    let mut token = [0; 16];
    token[..8].copy_from_slice(&half());
    token[8..].copy_from_slice(&half());
    token
}

impl Core {
    fn token_key(&self, id: &TagId) -> Key {
        let namespace = self.ruling.namespace(NAMESPACE.into());
        Key { namespace, name: hex::to_hex(id).into(), format: FORMAT }
    }

    /// The tokens of tags in a store, of those that have one.
    async fn known_tokens(&self, store: &Store, ids: &[TagId]) -> Result<Tokens> {
        if ids.is_empty() {
            return Ok(Tokens::default());
        }
        let asked = question();
        let keys: Vec<_> = ids.iter().map(|id| self.token_key(id)).collect();
        let entries = store.get_all(&keys).await?;
        let token = |(id, (key, entry)): (&TagId, (&Key, Option<Vec<u8>>))| {
            let entry = entry?;
            let opened = envelope::open(&entry, FORMAT, &Identity { namespace: &key.namespace, key: id }).ok()?;
            Some((*id, opened.value.as_ref().try_into().ok()?))
        };
        let of = ids.iter().zip(keys.iter().zip(entries)).filter_map(token).collect();
        Ok(Tokens { of, asked })
    }

    /// The tokens of tags in a store. Those without one get one.
    async fn learn_in(&self, store: &Store, ids: &[TagId]) -> Result<Tokens> {
        let mut tokens = self.known_tokens(store, ids).await?;
        let absent: Vec<_> = ids.iter().filter(|id| !tokens.has(id)).copied().collect();
        let place = place(store);
        for id in &absent {
            let token = random();
            // Before the store makes it known.
            heed(place.note([(id, &token)].into_iter()));
            self.put_token(store, id, token).await?;
        }
        if !absent.is_empty() {
            // Another may have come first.
            tokens.of.extend(self.known_tokens(store, &absent).await?.of);
        }
        heed(place.note(tokens.of.iter()));
        Ok(tokens)
    }

    async fn put_token(&self, store: &Store, id: &TagId, token: Token) -> Result<()> {
        let (key, now, never) = (self.token_key(id), self.clock.stamp(), Stamp::NEVER);
        let times = Times {
            load_began: now,
            created: now,
            fresh_until: never,
            keep_until: never,
            load_time: std::time::Duration::ZERO,
        };
        let identity = Identity { namespace: &key.namespace, key: id };
        let entry = envelope::seal(FORMAT, &identity, &times, &Content { value: &token, arguments: None, tags: &[] });
        store.put(&key, entry, None).await
    }

    /// The tokens of these tags in each store but for the last ones and those left out: before the body runs.
    pub(crate) async fn learn_tokens(
        self: &Arc<Self>,
        shell: Shell,
        ids: Vec<TagId>,
        (stores, left_out): (usize, LeftOut),
    ) -> TokensOfTiers {
        let core = Arc::clone(self);
        let ids = if self.config.tagged_by_value { ids.into_iter().chain([OF_ALL]).collect() } else { ids };
        let work = async move {
            let mut all = Vec::with_capacity(stores);
            for (at, tier) in core.tiers[..stores].iter().enumerate() {
                let asked =
                    if left_out.has(at) { None } else { Some(tier.ask(|store| core.learn_in(store, &ids)).await) };
                all.push(asked.and_then(|tokens| core.or_fault(tokens)));
            }
            all.into()
        };
        bridge::drive(shell, self.place_of_writes(stores), work).await
    }

    /// The same with tags that only the value says: nothing of a store where a tag was invalidated since.
    pub(crate) async fn learn_more(
        self: &Arc<Self>,
        shell: Shell,
        known: &TokensOfTiers,
        ids: Vec<TagId>,
    ) -> TokensOfTiers {
        let (core, known) = (Arc::clone(self), Arc::clone(known));
        let stores = known.len();
        let work = async move {
            let mut all = Vec::with_capacity(stores);
            for (tier, known) in known.iter().enumerate() {
                let more = match known {
                    Some(known) => core.or_fault(core.learn_unchanged(tier, known, &ids).await).flatten(),
                    None => None,
                };
                all.push(more);
            }
            all.into()
        };
        bridge::drive(shell, self.place_of_writes(stores), work).await
    }

    async fn learn_unchanged(&self, tier: usize, known: &Tokens, ids: &[TagId]) -> Result<Option<Tokens>> {
        let new: Vec<_> = ids.iter().filter(|id| !known.has(id)).copied().collect();
        let more = self.tiers[tier].ask(|store| self.learn_in(store, &new)).await?;
        let remembered = &self.remembered[tier];
        let safe = remembered.had(&more, known.asked) || {
            remembered.note(&more);
            // Only then, as it goes before any other.
            let now = self.tiers[tier].ask(|store| self.known_tokens(store, &[OF_ALL])).await?;
            known.of.get(&OF_ALL).is_some_and(|token| now.of.get(&OF_ALL) == Some(token))
        };
        let all = || known.of.iter().chain(&more.of).map(|(id, token)| (*id, *token)).collect();
        Ok(safe.then(|| Tokens { of: all(), asked: known.asked }))
    }

    /// What the tags that entries carry are worth in the store that has them.
    pub(crate) async fn tokens_of(&self, store: &Store, entries: &[Option<Vec<u8>>]) -> Result<Tokens> {
        let mut all: Vec<_> = entries.iter().flatten().filter_map(|entry| envelope::tags(entry)).collect::<Vec<_>>();
        let mut ids: Vec<_> = all.drain(..).flat_map(|carried| ids(&carried).collect::<Vec<_>>()).collect();
        ids.sort_unstable();
        ids.dedup();
        if !ids.is_empty() {
            self.note_tags();
        }
        self.known_tokens(store, &ids).await
    }

    /// Removes the tokens of tags from every store, the last one first: what has its tag there is not put in front of it
    /// again.
    async fn remove_tokens(self: &Arc<Self>, shell: Shell, ids: Vec<TagId>) -> Removal {
        let core = Arc::clone(self);
        let work = async move {
            let mut removal = Removal::Absent;
            for tier in (0..core.tiers.len()).rev() {
                removal = removal.and(core.remove_tokens_in(tier, &ids).await);
            }
            removal
        };
        bridge::drive(shell, self.place_of_writes(self.tiers.len()), work).await
    }

    async fn remove_tokens_in(self: &Arc<Self>, tier: usize, ids: &[TagId]) -> Removal {
        let removed = self.or_fault(self.try_remove_tokens(tier, ids).await);
        if removed.is_none() {
            self.bury_tags(tier, ids.iter().map(|id| hex::to_hex(id).into()));
        }
        removed.map_or(Removal::Pending, Removal::of)
    }

    /// That of all first, so that whoever finds it has found what came before it.
    pub(super) async fn try_remove_tokens(&self, tier: usize, ids: &[TagId]) -> Result<bool> {
        let remove = async |store: &Store| {
            place(store).forget(ids);
            store.remove(&self.token_key(&OF_ALL)).await?;
            store.remove_all(ids.iter().map(|id| self.token_key(id)).collect()).await
        };
        self.tiers[tier].ask(remove).await
    }

    /// Those of these tags that have not the token in a store that they are known to have.
    async fn changed(&self, tier: usize, ids: &[TagId]) -> Vec<TagId> {
        let now = self.or_fault(self.tiers[tier].ask(|store| self.known_tokens(store, ids)).await).unwrap_or_default();
        let Ok(store) = self.tiers[tier].store() else { return ids.to_vec() };
        let place = place(store);
        let changed: Vec<_> = ids.iter().filter(|id| !place.knows(id, now.of.get(*id))).copied().collect();
        place.forget(&changed);
        changed
    }

    /// Whether an entry has a tag that a store could not be told the end of.
    pub(crate) fn has_buried_tag(&self, tier: usize, carried: &[u8], load_began: Stamp) -> bool {
        let graves = &self.tag_graves[tier];
        graves.are_any() && ids(carried).any(|id| graves.holds(&hex::to_hex(&id), load_began))
    }
}

/// What a store is called.
fn place(store: &Store) -> Place {
    Place::of(&store.backend.describe())
}

/// Others have invalidated tags that had another token before.
fn heed(Changes { changed, forgotten }: Changes) {
    if forgotten || !changed.is_empty() {
        tags::invalidate_all(|id| forgotten || changed.contains(&id));
    }
}

/// Hears of tags that others invalidate in a store.
pub(super) fn watcher(core: &Weak<Core>, tier: usize) -> Watcher {
    let core = Weak::clone(core);
    Watcher::new(move |notice| {
        let Some(core) = core.upgrade() else { return false };
        // When news was lost, all that is in front of the store goes.
        if let Notice::Changed(mark) = notice {
            bridge::spawn(move || {
                let mark_of = |id| core.tiers[tier].store().ok()?.mark_of(&core.token_key(&id));
                let meant: Vec<_> = tags::ids().into_iter().filter(|id| mark_of(*id) == Some(mark)).collect();
                let changed = bridge::block_on(core.changed(tier, &meant));
                tags::invalidate_all(|id| changed.contains(&id));
            });
        }
        true
    })
}

/// Invalidates what has one of these tags, in all caches that have been used in this process, and in their stores for
/// all processes.
pub(crate) async fn invalidate(shell: Shell, names: &[&str]) -> Removal {
    let names: Vec<_> = names.iter().map(|name| scope::tag(name)).collect();
    let ids: Vec<_> = Tags::named(&names).ids().collect();
    let mut removal = Removal::Absent;
    for core in registry::all().into_iter().filter(|core| core.has_tags() && core.has_stores()) {
        removal = removal.and(core.remove_tokens(shell, ids.clone()).await);
    }
    // Last: what is taken from a store until then is older than this.
    let known = names.iter().map(|name| tags::invalidate(name)).fold(false, |any, known| any | known);
    removal.and(Removal::of(known))
}

/// An error for what can't be stored because its tags would be lost.
pub(crate) fn tags_unkept() -> Error {
    Error::new(Kind::Invalid, "a bare value carries no tags, so one that has some is not stored: leave `bare` out")
}

/// An error for what can't be stored because its tags are not known.
pub(crate) fn tags_unknown() -> Error {
    Error::new(
        Kind::Skipped,
        "a tag was invalidated meanwhile, or its token could not be read: the value is not stored",
    )
}
