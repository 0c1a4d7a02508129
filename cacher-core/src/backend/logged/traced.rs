//! Records as events of `tracing`.

use super::{Logged, Record};
use crate::backend::Backend;

impl Logged {
    /// Tells of `backend` in events of `tracing`: target `cacher::backend`, level DEBUG.
    pub fn traced(backend: impl Backend) -> Self {
        Self::new(backend, event)
    }
}

fn event(record: &Record<'_>) {
    tracing::debug!(
        target: "cacher::backend",
        operation = record.operation,
        store = record.store,
        namespace = record.namespace,
        key = record.key,
        outcome = %record.outcome,
        time_s = record.time.as_secs_f64(),
    );
}
