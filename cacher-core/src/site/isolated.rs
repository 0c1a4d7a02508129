//! The sites that stand in the place of others in an isolation.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use super::{LocalSite, Site};
use crate::{
    scope::{self, Isolation},
    sync::{Arc, AtomicU64, Mutex, Ordering, Weak, global, lock, thread_local},
};

/// The sites of an isolation, by the numbers of those in whose place they stand.
#[derive(Default)]
struct Sites(Mutex<HashMap<u64, Arc<Site>>>);

/// A site of this thread in an isolation.
struct Apart {
    isolation: Weak<Isolation>,
    /// The number of the site that all threads share, outside.
    site: u64,
    local: Rc<LocalSite>,
}

thread_local! {
    static APART: RefCell<Vec<Apart>> = const { RefCell::new(Vec::new()) };
}

impl Site {
    fn number(&self) -> u64 {
        global! {
            static NUMBER: AtomicU64 = AtomicU64::new(0);
        }
        *self.number.get_or_init(|| NUMBER.fetch_add(1, Ordering::Relaxed))
    }

    /// What stands in its place in the isolation in force, if there is one.
    #[cold]
    pub(super) fn instead(&self) -> Option<Arc<Self>> {
        let sites = scope::isolation()?.kept::<Sites>();
        let mut sites = lock(&sites.0);
        Some(Arc::clone(sites.entry(self.number()).or_default()))
    }

    /// What stands in the place of the site of this thread.
    #[cold]
    pub(super) fn local_instead(&self) -> Option<Rc<LocalSite>> {
        let isolation = scope::isolation()?;
        // The end of its sites is the end of those of this thread.
        isolation.kept::<Sites>();
        let is_meant =
            |apart: &Apart| apart.site == self.number() && apart.isolation.as_ptr() == Arc::as_ptr(&isolation);
        let found = |apart: &RefCell<Vec<Apart>>| {
            let found = apart.borrow().iter().find(|apart| is_meant(apart)).map(|apart| Rc::clone(&apart.local));
            found.unwrap_or_else(|| {
                let local = Rc::<LocalSite>::default();
                let isolation = Arc::downgrade(&isolation);
                apart.borrow_mut().push(Apart { isolation, site: self.number(), local: Rc::clone(&local) });
                local
            })
        };
        forget_ended();
        // On a thread that is ending a call finds nothing.
        Some(APART.try_with(found).unwrap_or_default())
    }
}

/// Drops what this thread has of isolations that are no more.
fn forget_ended() {
    let ended = APART.try_with(|apart| {
        apart.borrow_mut().extract_if(.., |apart| apart.isolation.strong_count() == 0).collect::<Vec<_>>()
    });
    // Values are dropped where nothing is borrowed.
    drop(ended);
}

impl Drop for Sites {
    fn drop(&mut self) {
        forget_ended();
    }
}
