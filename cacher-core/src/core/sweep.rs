//! What has expired goes.

use std::time::{Duration, SystemTime};

use super::Core;
use crate::{
    bridge::{self, Shell},
    sync::Arc,
};

const SWEEP: Duration = Duration::from_secs(300);

impl Core {
    /// Removes what has expired, from memory and from stores.
    pub(crate) async fn purge(self: &Arc<Self>, shell: Shell) {
        self.members().iter().for_each(|member| member.sweep());
        if self.has_stores() {
            let core = Arc::clone(self);
            let quick = self.tiers.iter().all(|tier| tier.writes_quickly());
            bridge::run(shell, quick, move || core.sweep_stores()).await;
        }
    }

    pub(super) fn sweep_stores_later(self: &Arc<Self>, wait: Duration) {
        if self.has_stores() {
            self.later(wait, |core| {
                core.sweep_stores();
                core.sweep_stores_later(SWEEP);
            });
        }
    }

    fn sweep_stores(&self) {
        let now = self.clock.stamp().to_system().unwrap_or(SystemTime::UNIX_EPOCH);
        for tier in &self.tiers {
            if let Some(swept) = self.or_fault(tier.operate(|store| store.backend.sweep(&self.namespace, now))) {
                self.counters.expirations.add(swept);
            }
        }
    }
}
