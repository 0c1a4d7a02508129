//! What is kept in front of a store does not outlive what others do to the store.

use std::collections::HashMap;

use super::{Core, removals::Clearing};
use crate::{
    backend::{Notice, Watcher},
    bridge,
    sync::{Arc, Event, Mutex, Weak, lock},
};

/// Those who wait until an entry of a store changes, by what the store calls it.
#[derive(Debug, Default)]
pub(crate) struct News(Mutex<HashMap<u64, Weak<Event>>>);

impl News {
    /// What is notified when an entry changes.
    pub(crate) fn of(&self, mark: u64) -> Arc<Event> {
        let mut all = lock(&self.0);
        if let Some(event) = all.get(&mark).and_then(Weak::upgrade) {
            return event;
        }
        all.retain(|_, event| event.strong_count() > 0);
        let event = Arc::new(Event::new());
        all.insert(mark, Arc::downgrade(&event));
        event
    }

    fn tell(&self, notice: Notice) {
        let meant = |mark: &u64| matches!(notice, Notice::Lost) || notice == Notice::Changed(*mark);
        let told: Vec<_> =
            lock(&self.0).iter().filter(|(mark, _)| meant(mark)).filter_map(|(_, event)| event.upgrade()).collect();
        for event in told {
            event.notify(usize::MAX);
        }
    }
}

/// Hears of changes in a store, and sees to it on a worker thread that nothing older is served from in front of it.
pub(super) fn watcher(core: &Weak<Core>, tier: usize) -> Watcher {
    let core = Weak::clone(core);
    Watcher::new(move |notice| {
        let Some(core) = core.upgrade() else { return false };
        core.news.tell(notice);
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
