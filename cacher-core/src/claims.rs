//! Whose entries stand under a name in a store: two functions must not take each other's for their own.

use std::{
    any::TypeId,
    time::{Duration, Instant},
};

use crate::{
    error::{Error, Kind, Result},
    sync::{Arc, AtomicU64, Condvar, Mutex, Ordering, PoisonError, global, lock},
};

/// Who keeps entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A function, by its marker. There may be a cache for each instance of a type, and they may come and go.
    Function(TypeId),
    /// The same in an isolation, by its number: nothing is left of it in the end.
    Isolated(TypeId, u64),
    /// A cache without a function, by its number.
    Cache(u64),
}

impl Owner {
    /// The isolation that it is in, if any.
    pub(crate) fn isolation(self) -> Option<u64> {
        if let Self::Isolated(_, isolation) = self { Some(isolation) } else { None }
    }

    /// A new cache without a function.
    pub(crate) fn next() -> Self {
        global! {
            static COUNT: AtomicU64 = AtomicU64::new(0);
        }
        Self::Cache(COUNT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Somebody who keeps entries under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claimant {
    pub(crate) namespace: Arc<str>,
    pub(crate) owner: Owner,
}

/// A name in a store that somebody has.
struct Claim {
    claimant: Claimant,
    place: String,
    /// Its cache is gone, and what it began is not done yet.
    closing: bool,
}

global! {
    static CLAIMS: Mutex<Vec<Claim>> = Mutex::new(Vec::new());
    static RELEASED: Condvar = Condvar::new();
}

/// How long the next cache of a name waits for what the last one began.
const LONGEST_CLOSING: Duration = Duration::from_secs(5);

impl Claimant {
    /// Claims the name in a store.
    ///
    /// # Errors
    /// If somebody else in this process has it.
    pub(crate) fn claim(&self, place: String) -> Result<()> {
        let start = Instant::now();
        let mut claims = lock(&CLAIMS);
        loop {
            let held = claims.iter().find(|claim| claim.claimant.namespace == self.namespace && claim.place == place);
            let left = LONGEST_CLOSING.saturating_sub(start.elapsed());
            match held {
                None => break,
                Some(claim) if claim.claimant == *self => return Ok(()),
                Some(claim) if claim.closing && !left.is_zero() => {}
                Some(claim) => return Err(self.taken(&claim.claimant)),
            }
            claims = RELEASED.wait_timeout(claims, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        claims.push(Claim { claimant: self.clone(), place, closing: false });
        Ok(())
    }

    fn taken(&self, holder: &Self) -> Error {
        let text = format!(
            "another {} already keeps its entries under the name `{}` in the same store, so this one keeps none there: \
             give one of them another name{}",
            holder.noun(),
            self.namespace,
            self.advice()
        );
        Error::new(Kind::Invalid, text)
    }

    /// Says that a cache without a function is gone: whoever claims its name waits for what it still does.
    pub(crate) fn close(&self) {
        lock(&CLAIMS).iter_mut().filter(|claim| claim.claimant == *self).for_each(|claim| claim.closing = true);
    }

    /// Gives back what was claimed, unless a function may keep entries there later.
    pub(crate) fn release(&self) {
        if let Owner::Cache(_) | Owner::Isolated(..) = self.owner {
            lock(&CLAIMS).retain(|claim| claim.claimant != *self);
            RELEASED.notify_all();
        }
    }

    fn noun(&self) -> &'static str {
        if let Owner::Cache(_) = self.owner { "cache" } else { "function" }
    }

    fn advice(&self) -> &'static str {
        match self.owner {
            Owner::Function(_) | Owner::Isolated(..) => " with `name = \"..\"`",
            Owner::Cache(_) => " with `.name(..)`, or share one cache by cloning it",
        }
    }
}
