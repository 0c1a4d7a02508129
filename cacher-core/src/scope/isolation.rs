//! What stands apart from the rest of the process.

use std::{any::Any, borrow::Cow, fmt};

use crate::sync::{Arc, AtomicU64, Mutex, Ordering, global, lock};

/// A place for caches that are seen in its scopes only: a number, and what the layers above keep there.
pub(crate) struct Isolation {
    number: u64,
    purpose: Purpose,
    kept: Mutex<Vec<Kept>>,
}

/// What an isolation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To be apart.
    Alone,
    /// To record what functions return.
    Record,
    /// To replay that: no body runs, whatever mode is in force.
    Replay,
}

type Kept = Arc<dyn Any + Send + Sync>;

impl Isolation {
    /// One with nothing in it.
    pub(crate) fn new(purpose: Purpose) -> Arc<Self> {
        global! {
            static NUMBER: AtomicU64 = AtomicU64::new(1);
        }
        Arc::new(Self { number: NUMBER.fetch_add(1, Ordering::Relaxed), purpose, kept: Mutex::default() })
    }

    /// What tells it from others.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Whether no body runs in it.
    pub(crate) fn replays(&self) -> bool {
        self.purpose == Purpose::Replay
    }

    /// The only value of this type that is kept here, made when it is first asked for.
    pub(crate) fn kept<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let mut kept = lock(&self.kept);
        let found = kept.iter().find_map(|kept| Arc::clone(kept).downcast().ok());
        found.unwrap_or_else(|| {
            let made = Arc::<T>::default();
            kept.push(Arc::clone(&made) as Kept);
            made
        })
    }

    /// What a tag is called in it: hardly a name outside. It is the same in a recording and its replay; as each has
    /// stores of its own, others lose no more than what memory has in front of theirs.
    pub(crate) fn tag(&self, name: &str) -> String {
        match self.purpose {
            Purpose::Alone => format!("isolation {}\0{name}", self.number),
            Purpose::Record | Purpose::Replay => format!("recording\0{name}"),
        }
    }
}

/// What a tag is called here: each isolation has tags of its own.
pub(crate) fn tag(name: &str) -> Cow<'_, str> {
    super::isolation().map_or(Cow::Borrowed(name), |isolation| Cow::Owned(isolation.tag(name)))
}

impl PartialEq for Isolation {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl fmt::Debug for Isolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Isolation").field("number", &self.number).finish_non_exhaustive()
    }
}
