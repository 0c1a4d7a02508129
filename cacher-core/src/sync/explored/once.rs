//! Cells that are set once.

use std::fmt;

use shuttle::sync::Mutex;

use super::super::lock;

/// What [`std::sync::OnceLock`] and `once_cell::sync::OnceCell` are.
pub(crate) struct OnceLock<T> {
    /// Whose turn it is to make the value, which may take several steps.
    turn: Mutex<()>,
    value: std::sync::OnceLock<T>,
}

pub(crate) type OnceCell<T> = OnceLock<T>;

impl<T> OnceLock<T> {
    pub(crate) const fn new() -> Self {
        Self { turn: Mutex::new(()), value: std::sync::OnceLock::new() }
    }

    pub(crate) fn get(&self) -> Option<&T> {
        self.value.get()
    }

    pub(crate) fn set(&self, value: T) -> Result<(), T> {
        let _turn = lock(&self.turn);
        self.value.set(value)
    }

    pub(crate) fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        let _turn = lock(&self.turn);
        if self.value.get().is_none() {
            let _ = self.value.set(make());
        }
        self.value.get().expect("it was made")
    }

    pub(crate) fn get_or_try_init<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
        let _turn = lock(&self.turn);
        if self.value.get().is_none() {
            let _ = self.value.set(make()?);
        }
        Ok(self.value.get().expect("it was made"))
    }
}

impl<T> From<T> for OnceLock<T> {
    fn from(value: T) -> Self {
        Self { turn: Mutex::new(()), value: value.into() }
    }
}

impl<T> Default for OnceLock<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for OnceLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
