//! Backends around backends: each adds one thing to the store inside, and keeps its contract.

pub mod background;
pub mod prefixed;

use self::background::{Background, Backgrounded};
use crate::{
    backend::{Backend, Key},
    clock::Clock,
    error::Error,
    fault::Fault,
    observe,
    sync::Arc,
};

/// What the attribute puts around a store.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wraps {
    /// `write = background`
    pub background: Option<Background>,
}

/// Hears of what goes wrong where no caller can be told.
pub(crate) type Report = Arc<dyn Fn(&Key, Error) + Send + Sync>;

/// Reports faults by the namespace, which is all that a wrapper knows of the cache.
fn reported_by_namespace() -> Report {
    Arc::new(|key, error| observe::report(&Fault { cache: Arc::clone(&key.namespace), error }))
}

/// How the stores of a cache are wrapped.
#[derive(Clone)]
pub(crate) struct Wrapping {
    pub(crate) wraps: Wraps,
    pub(crate) clock: Clock,
    pub(crate) report: Report,
}

impl Wrapping {
    /// A store, wrapped.
    pub(crate) fn wrap(&self, store: Arc<dyn Backend>) -> Arc<dyn Backend> {
        match self.wraps.background {
            Some(options) => {
                Arc::new(Backgrounded::reporting(store, options, self.clock.clone(), Arc::clone(&self.report)))
            }
            None => store,
        }
    }
}
