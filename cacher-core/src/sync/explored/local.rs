//! Thread-locals of the threads that an explorer runs.

use std::cell::Cell;

use shuttle::thread::AccessError;

/// What [`std::thread::LocalKey`] is.
#[derive(Debug)]
pub(crate) struct LocalKey<T: 'static>(pub(crate) &'static shuttle::thread::LocalKey<T>);

impl<T: 'static> LocalKey<T> {
    pub(crate) fn with<R>(&'static self, with: impl FnOnce(&T) -> R) -> R {
        self.0.with(with)
    }

    pub(crate) fn try_with<R>(&'static self, with: impl FnOnce(&T) -> R) -> Result<R, AccessError> {
        self.0.try_with(with)
    }
}

impl<T: 'static> LocalKey<Cell<T>> {
    pub(crate) fn get(&'static self) -> T
    where
        T: Copy,
    {
        self.with(Cell::get)
    }

    /// Does nothing on a thread that is ending, as a cell without a destructor is there to the end.
    pub(crate) fn set(&'static self, value: T) {
        let _ = self.try_with(|cell| cell.set(value));
    }

    pub(crate) fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

/// Declares thread-locals.
macro_rules! local {
    ($($(#[$attribute:meta])* static $name:ident: $type:ty = $value:expr;)*) => {
        $($(#[$attribute])* static $name: $crate::sync::LocalKey<$type> = {
            ::shuttle::thread_local! { static INNER: $type = $value; }
            $crate::sync::LocalKey(&INNER)
        };)*
    };
}

pub(crate) use local;
