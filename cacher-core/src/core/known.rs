//! The tokens that tags had in stores when this process last saw them. One that is another now tells that its tag was
//! invalidated by others; one that is not tells that nothing happened, whatever a store makes known of its keys.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
};

use super::tokens::{TagId, Token};
use crate::sync::{Mutex, OnceLock, global, lock};

/// A store, by what it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place(u64);

global! {
    static LAST: Mutex<Option<HashMap<(Place, TagId), Token>>> = Mutex::new(None);
}

/// How many tokens are known at most.
const MOST: usize = 100_000;

/// What became of the tokens of some tags.
#[derive(Default)]
pub(super) struct Changes {
    /// Tags that had another token before.
    pub(super) changed: Vec<TagId>,
    /// Whether earlier tokens had to be forgotten, so that any tag may have had another.
    pub(super) forgotten: bool,
}

impl Place {
    pub(super) fn of(description: &str) -> Self {
        global! {
            static HASHER: OnceLock<RandomState> = OnceLock::new();
        }
        Self(HASHER.get_or_init(RandomState::new).hash_one(description))
    }

    /// Notes the tokens that tags have here now.
    pub(super) fn note<'t>(self, tokens: impl Iterator<Item = (&'t TagId, &'t Token)>) -> Changes {
        let mut last = lock(&LAST);
        let last = last.get_or_insert_default();
        let mut changes = Changes { forgotten: last.len() >= MOST, ..Changes::default() };
        if changes.forgotten {
            last.clear();
        }
        for (id, token) in tokens {
            if last.insert((self, *id), *token).is_some_and(|before| before != *token) {
                changes.changed.push(*id);
            }
        }
        changes
    }

    /// Forgets what tags had that are invalidated.
    pub(super) fn forget(self, ids: &[TagId]) {
        if let Some(last) = lock(&LAST).as_mut() {
            for id in ids {
                last.remove(&(self, *id));
            }
        }
    }

    /// Whether that is the token the tag is known to have here.
    pub(super) fn knows(self, id: &TagId, token: Option<&Token>) -> bool {
        let last = lock(&LAST);
        let known = last.as_ref().and_then(|last| last.get(&(self, *id)));
        known.is_some() && known == token
    }
}
