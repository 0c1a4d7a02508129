//! What is kept in front of a store does not outlive what others do to the store.

use std::collections::HashMap;

use super::{Core, removals::Clearing};
use crate::{
    backend::{Notice, Watcher},
    bridge,
    sync::{Arc, AtomicU64, Event, Mutex, Ordering, Weak, lock},
};

/// Entries of stores that somebody wants to hear of, by what the store calls them.
#[derive(Debug, Default)]
pub(crate) struct News(Mutex<Subjects>);

#[derive(Debug, Default)]
struct Subjects {
    by_mark: HashMap<u64, Weak<Subject>>,
    /// How many there may be before those are forgotten that nobody wants to hear of any more.
    most: usize,
}

/// An entry of a store.
#[derive(Debug, Default)]
pub(crate) struct Subject {
    /// Notified when others change it.
    pub(crate) changed: Event,
    /// How often they have.
    changes: AtomicU64,
}

/// What others have done to the entries of a load since this was made.
pub(crate) struct Hearing(Vec<(Arc<Subject>, u64)>);

impl Hearing {
    /// Whether something was changed, or may have been.
    pub(crate) fn has_changed(&self) -> bool {
        self.0.iter().any(|(subject, then)| subject.changes.load(Ordering::SeqCst) != *then)
    }
}

impl News {
    /// An entry that is heard of from now on, as long as this is kept.
    pub(crate) fn of(&self, mark: u64) -> Arc<Subject> {
        let mut subjects = lock(&self.0);
        if let Some(subject) = subjects.by_mark.get(&mark).and_then(Weak::upgrade) {
            return subject;
        }
        let subject = Arc::new(Subject::default());
        subjects.by_mark.insert(mark, Arc::downgrade(&subject));
        if subjects.by_mark.len() > subjects.most {
            subjects.by_mark.retain(|_, subject| subject.strong_count() > 0);
            // Room for as many again, so that looking through all is rare.
            subjects.most = subjects.by_mark.len() * 2 + ROOM;
        }
        subject
    }

    pub(crate) fn hear(&self, marks: impl Iterator<Item = u64>) -> Hearing {
        let since = |mark| {
            let subject = self.of(mark);
            let then = subject.changes.load(Ordering::SeqCst);
            (subject, then)
        };
        Hearing(marks.map(since).collect())
    }

    fn tell(&self, notice: Notice) {
        let subjects = lock(&self.0);
        let meant: Vec<_> = match notice {
            Notice::Changed(mark) => subjects.by_mark.get(&mark).and_then(Weak::upgrade).into_iter().collect(),
            Notice::Lost => subjects.by_mark.values().filter_map(Weak::upgrade).collect(),
        };
        drop(subjects);
        for subject in meant {
            subject.changes.fetch_add(1, Ordering::SeqCst);
            subject.changed.notify(usize::MAX);
        }
    }
}

const ROOM: usize = 64;

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
