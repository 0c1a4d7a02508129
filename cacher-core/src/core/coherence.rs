//! What is kept in front of a store does not outlive what others do to the store.

use super::{Core, removals::Clearing};
use crate::{
    backend::{Notice, Watcher},
    bridge,
    sync::{Arc, Weak},
};

/// Hears of changes in a store, and sees to it on a worker thread that nothing older is served from in front of it.
pub(super) fn watcher(core: &Weak<Core>, tier: usize) -> Watcher {
    let core = Weak::clone(core);
    Watcher::new(move |notice| {
        let Some(core) = core.upgrade() else { return false };
        bridge::spawn(move || core.noticed(tier, notice));
        true
    })
}

impl Core {
    fn noticed(self: &Arc<Self>, tier: usize, notice: Notice) {
        match notice {
            Notice::Changed(mark) => self.members().iter().for_each(|member| member.changed(tier, mark)),
            Notice::Lost => {
                let clearing = Clearing::new(&self.generation, self.members());
                for upper in 0..tier {
                    self.clear_tier(upper);
                }
                drop(clearing);
            }
        }
    }
}
