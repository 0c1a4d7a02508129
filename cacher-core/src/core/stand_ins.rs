//! What takes the place of stores in an isolation.

use crate::{
    backend::{Backend, bytes::Bytes, null::Null},
    error::{Error, Kind, Result},
    sync::{Arc, OnceLock},
    tier::{self, IntoBackend, Made, Opening, What},
};

/// The stores of the functions of an isolation, all of them in memory: one for each, unless they have one in common.
#[derive(Debug, Default)]
pub(crate) struct StandIns {
    common: OnceLock<Bytes>,
}

impl StandIns {
    /// What opens these in place of the backends of a function.
    pub(super) fn in_place_of(&self, backends: Vec<Opening>) -> Vec<Opening> {
        let opening = |real| {
            let bytes = self.common.get().cloned().unwrap_or_default();
            Arc::new(move || open(&real, &bytes)) as Opening
        };
        backends.into_iter().map(opening).collect()
    }
}

fn open(real: &Opening, bytes: &Bytes) -> Result<Made> {
    let Made { what, ttl } = tier::outline(real).or_else(out_of_reach)?;
    let what = match what {
        What::Store(store, limits) if store.describe() != Null.describe() => {
            What::Store(Arc::new(bytes.clone().in_format_of(&*store)), limits)
        }
        what => what,
    };
    Ok(Made { what, ttl })
}

/// A store that can't be reached is none the less one. What is wrong about it stays an error.
fn out_of_reach(error: Error) -> Result<Made> {
    if error.kind() == Kind::Invalid {
        return Err(error);
    }
    let format = if cfg!(feature = "msgpack") { "msgpack" } else { "json" };
    Bytes::new().preferring(format).into_backend()
}
