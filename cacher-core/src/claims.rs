//! Whose entries stand under a name in a store: two functions must not take each other's for their own.

use std::any::TypeId;

use crate::{
    error::{Error, Kind, Result},
    sync::{Arc, AtomicU64, Mutex, Ordering, lock},
};

/// Who keeps entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A function, by its marker. There may be a cache for each instance of a type, and they may come and go.
    Function(TypeId),
    /// A cache without a function, by its number.
    Cache(u64),
}

impl Owner {
    /// A new cache without a function.
    pub(crate) fn next() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        Self::Cache(COUNT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Somebody who keeps entries under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claimant {
    pub(crate) namespace: Arc<str>,
    pub(crate) owner: Owner,
}

static CLAIMS: Mutex<Vec<(Claimant, String)>> = Mutex::new(Vec::new());

impl Claimant {
    /// Claims the name in a store.
    ///
    /// # Errors
    /// If somebody else in this process has it.
    pub(crate) fn claim(&self, store: String) -> Result<()> {
        let mut claims = lock(&CLAIMS);
        let held = claims.iter().find(|(claimant, place)| claimant.namespace == self.namespace && *place == store);
        match held {
            Some((claimant, _)) if claimant == self => Ok(()),
            Some((claimant, _)) => Err(Error::new(
                Kind::Invalid,
                format!(
                    "another {} already keeps its entries under the name `{}` in the same store, so this one keeps \
                     none there: give one of them another name{}",
                    claimant.noun(),
                    self.namespace,
                    self.advice()
                ),
            )),
            None => {
                claims.push((self.clone(), store));
                Ok(())
            }
        }
    }

    /// Gives back what a cache without a function has claimed: its name is free when it is gone.
    pub(crate) fn release(&self) {
        if let Owner::Cache(_) = self.owner {
            lock(&CLAIMS).retain(|(claimant, _)| claimant != self);
        }
    }

    fn noun(&self) -> &'static str {
        if let Owner::Cache(_) = self.owner { "cache" } else { "function" }
    }

    fn advice(&self) -> &'static str {
        match self.owner {
            Owner::Function(_) => " with `name = \"..\"`",
            Owner::Cache(_) => " with `.name(..)`, or share one cache by cloning it",
        }
    }
}
