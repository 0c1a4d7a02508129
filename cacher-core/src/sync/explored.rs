//! What takes its place where schedules are explored. Nothing here is part of a build that is shipped.

mod event;
mod local;
mod once;

pub(crate) use std::sync::{Arc, PoisonError, Weak};

pub(crate) use shuttle::{
    sync::{
        Condvar, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread,
};

#[cfg(feature = "lmdb")]
pub(crate) use shuttle::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

pub(crate) use event::{Event, EventListener};
pub(crate) use local::{LocalKey, local as thread_local};
pub(crate) use once::{OnceCell, OnceLock};

/// Declares statics, of which each execution has its own.
macro_rules! global {
    ($($(#[$attribute:meta])* static $name:ident: $type:ty = $value:expr;)*) => {
        ::shuttle::lazy_static! { $($(#[$attribute])* static ref $name: $type = $value;)* }
    };
}

pub(crate) use global;
