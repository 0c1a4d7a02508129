//! What takes the place of stores in an isolation.

use super::Config;
use crate::{
    backend::{Backend, bytes::Bytes, null::Null},
    clock::{Entered, ManualClock},
    error::{Error, Kind, Result},
    sync::{Arc, OnceLock},
    tier::{self, IntoBackend, Made, Opening, What},
    wrap::{Wraps, limited::Limits},
};

/// The stores of the functions of an isolation, all of them in memory: one for each, unless they have one in common.
#[derive(Debug, Default)]
pub(crate) struct StandIns {
    common: OnceLock<Common>,
}

/// What all functions of an isolation have.
#[derive(Debug)]
struct Common {
    store: Bytes,
    clock: Arc<ManualClock>,
}

impl StandIns {
    /// Lets all functions keep all they store here, by this clock.
    pub(crate) fn have_in_common(&self, store: Bytes, clock: Arc<ManualClock>) {
        let _ = self.common.set(Common { store, clock });
    }

    /// Puts their clock in force.
    pub(super) fn enter_clock(&self) -> Option<Entered> {
        self.common.get().map(|common| common.clock.enter())
    }

    /// What a function says, where nothing is shared with other processes; in a common store nothing makes room.
    pub(super) fn suited(&self, config: Config) -> Config {
        let config = Config { distributed: false, shared_rate: false, ..config };
        if self.common.get().is_none() {
            return config;
        }
        let wraps = Wraps { background: None, limits: Limits::new(), ..config.wraps };
        Config { wraps, bound: None, single: false, ..config }
    }

    /// What opens these in place of the backends of a function.
    pub(super) fn in_place_of(&self, backends: Vec<Opening>) -> Vec<Opening> {
        let opening = |real| {
            let common = self.common.get().map(|common| common.store.clone());
            let (is_common, bytes) = (common.is_some(), common.unwrap_or_default());
            Arc::new(move || open(&real, bytes.clone(), is_common)) as Opening
        };
        backends.into_iter().map(opening).collect()
    }
}

fn open(real: &Opening, bytes: Bytes, is_common: bool) -> Result<Made> {
    let Made { what, ttl } = tier::outline(real).or_else(out_of_reach)?;
    let what = match what {
        What::Store(store, _) if store.describe() == Null.describe() => What::Store(store, Limits::new()),
        What::Store(..) if is_common => What::Store(Arc::new(bytes), Limits::new()),
        What::Store(store, limits) => What::Store(Arc::new(bytes.in_format_of(&*store)), limits),
        memory @ What::Memory(_) => memory,
    };
    Ok(Made { what, ttl })
}

/// A store that can't be reached is none the less one. What is wrong about it stays an error.
fn out_of_reach(error: Error) -> Result<Made> {
    if error.kind() == Kind::Invalid {
        return Err(error);
    }
    Bytes::new().preferring_any().into_backend()
}
