//! Backends around backends: each adds one thing to the store inside, and keeps its contract.

pub mod archived;
pub mod background;
pub mod limited;
pub mod prefixed;
pub mod revised;
pub(crate) mod turns;

use self::{
    archived::Archived,
    background::{Background, Backgrounded},
    limited::{Limited, Limits, Told},
    revised::Revised,
};
use crate::{
    backend::{Backend, Key},
    clock::Clock,
    error::{Error, Result},
    fault::Fault,
    observe,
    sync::Arc,
};

/// What the attribute puts around a store.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wraps {
    /// `write = background`
    pub background: Option<Background>,
    /// `revisions = 5`, of the last store
    pub revisions: Option<usize>,
    /// `archive`, of the last store
    pub archive: bool,
    /// What the first store keeps, if memory is not in front of it
    pub limits: Limits,
}

/// Hears of what goes wrong where no caller can be told.
pub(crate) type Report = Arc<dyn Fn(&Key, Error) + Send + Sync>;

/// Reports faults by the namespace, which is all that a wrapper knows of the cache.
fn reported_by_namespace() -> Report {
    Arc::new(|key, error| observe::report(Fault { cache: Arc::clone(&key.namespace), error }))
}

/// How the stores of a cache are wrapped.
#[derive(Clone)]
pub(crate) struct Wrapping {
    pub(crate) wraps: Wraps,
    pub(crate) clock: Clock,
    pub(crate) report: Report,
    pub(crate) told: Told,
}

impl Wrapping {
    /// The same for one of several stores.
    pub(crate) fn of(&self, index: usize, count: usize) -> Self {
        let mut wraps = self.wraps;
        if index + 1 != count {
            wraps = Wraps { background: wraps.background, limits: wraps.limits, ..Wraps::default() };
        }
        if index > 0 {
            wraps.limits = Limits::new();
        }
        Self { wraps, ..self.clone() }
    }

    /// A store, wrapped; and what knows its revisions, if they are kept. `limits` are those of its URL.
    ///
    /// # Errors
    /// Those of the limits.
    pub(crate) fn wrap(
        &self,
        mut store: Arc<dyn Backend>,
        limits: Limits,
    ) -> Result<(Arc<dyn Backend>, Option<Revised>)> {
        let report = || Arc::clone(&self.report);
        let limits = self.wraps.limits.or(limits);
        if !limits.are_none() {
            // Closest to the store, so that nobody waits for what makes room in it.
            store = Arc::new(Limited::telling(store, limits, self.clock.clone(), Arc::clone(&self.told))?);
        }
        if let Some(options) = self.wraps.background {
            store = Arc::new(Backgrounded::reporting(store, options, self.clock.clone(), report()));
        }
        if self.wraps.archive {
            store = Arc::new(Archived::reporting(store, self.clock.clone(), report()));
        }
        let revised = self.wraps.revisions.map(|most| Revised::reporting(Arc::clone(&store), most, report()));
        Ok(match &revised {
            Some(revised) => (Arc::new(revised.clone()), Some(revised.clone())),
            None => (store, None),
        })
    }
}
