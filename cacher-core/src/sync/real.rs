//! What the library runs with.

pub(crate) use std::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread, thread_local,
};

#[cfg(feature = "lmdb")]
pub(crate) use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

pub(crate) use event_listener::{Event, EventListener};
pub(crate) use once_cell::sync::OnceCell;

/// Declares statics. Where schedules are explored each execution has its own.
macro_rules! global {
    ($($(#[$attribute:meta])* static $name:ident: $type:ty = $value:expr;)*) => {
        $($(#[$attribute])* static $name: $type = $value;)*
    };
}

pub(crate) use global;
