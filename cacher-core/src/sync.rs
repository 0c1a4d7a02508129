//! Every lock, atomic, waiter and thread-local of the crate comes from here, so that a schedule explorer can take
//! their place.

pub(crate) use std::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread_local,
};

#[cfg(feature = "lmdb")]
pub(crate) use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

pub(crate) use event_listener::{Event, EventListener};

/// Shares, whether or not an earlier holder panicked.
#[cfg(feature = "lmdb")]
pub(crate) fn read<T: ?Sized>(shared: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    shared.read().unwrap_or_else(PoisonError::into_inner)
}

/// Locks what is shared, whether or not an earlier holder panicked.
#[cfg(feature = "lmdb")]
pub(crate) fn write<T: ?Sized>(shared: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    shared.write().unwrap_or_else(PoisonError::into_inner)
}

/// Locks, whether or not an earlier holder panicked: no critical section of ours leaves a state half-changed.
#[inline]
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
