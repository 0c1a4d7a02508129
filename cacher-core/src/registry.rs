//! All caches of the process.

use crate::{
    core::Core,
    scope,
    sync::{Arc, Mutex, Weak, global, lock},
};

global! {
    static CACHES: Mutex<Vec<Weak<Core>>> = Mutex::new(Vec::new());
}

/// Every cache that has been used and still exists, in the order of first use: of the isolation in force, if there is
/// one, else of none.
pub(crate) fn all() -> Vec<Arc<Core>> {
    let here = scope::isolation().map(|isolation| isolation.number());
    let all: Vec<_> = lock(&CACHES).iter().filter_map(Weak::upgrade).collect();
    // Others may have become the last of theirs, and end where no lock is held.
    all.into_iter().filter(|core| core.isolation == here).collect()
}

pub(crate) fn add(core: &Arc<Core>) {
    let mut caches = lock(&CACHES);
    caches.retain(|cache| cache.strong_count() > 0);
    caches.push(Arc::downgrade(core));
}
