//! What went wrong with a cache while its callers went on.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::{
    error::Error,
    sync::{Arc, Mutex, global, lock},
};

/// A fault of a store or a format. The call it happened in was answered all the same.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Fault {
    /// The name of the cache.
    pub cache: Arc<str>,
    /// What happened. Holds no value, and no argument but what the argument's own `Serialize` says in its error;
    /// of a secret not even that.
    pub error: Error,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cache of {}: {}", self.cache, self.error)
    }
}

type Hook = Arc<dyn Fn(&Fault) + Send + Sync>;

global! {
    static HOOK: Mutex<Option<Hook>> = Mutex::new(None);
}

/// Calls `hook` for each fault of any cache from now on, in place of an earlier hook.
///
/// It runs in the call or on the worker thread that met the fault. Its panics are ignored.
///
/// ```
/// cacher_core::fault::on_fault(|fault| eprintln!("{fault}"));
/// ```
pub fn on_fault(hook: impl Fn(&Fault) + Send + Sync + 'static) {
    let earlier = lock(&HOOK).replace(Arc::new(hook));
    drop(earlier);
}

pub(crate) fn report(fault: &Fault) {
    let hook = lock(&HOOK).clone();
    if let Some(hook) = hook {
        // Its panic is not the fault of the call that is being answered.
        let _ = catch_unwind(AssertUnwindSafe(|| hook(fault)));
    }
}
