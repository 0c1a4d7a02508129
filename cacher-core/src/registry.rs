//! All caches of the process.

use crate::{
    core::Core,
    sync::{Arc, Mutex, Weak, global, lock},
};

global! {
    static CACHES: Mutex<Vec<Weak<Core>>> = Mutex::new(Vec::new());
}

/// Every cache that has been used and still exists, in the order of first use.
pub(crate) fn all() -> Vec<Arc<Core>> {
    lock(&CACHES).iter().filter_map(Weak::upgrade).collect()
}

pub(crate) fn add(core: &Arc<Core>) {
    let mut caches = lock(&CACHES);
    caches.retain(|cache| cache.strong_count() > 0);
    caches.push(Arc::downgrade(core));
}
