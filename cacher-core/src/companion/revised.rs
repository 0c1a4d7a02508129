//! Entries of functions with `revisions`.

use std::{fmt, ops::Deref};

use super::{AsyncEntry, Entry};
use crate::{
    bridge::{Shell, block_on},
    cache::{RevisedOperations, Which},
    error::Result,
    sync::Arc,
    wrap::revised::Revision,
};

macro_rules! entry {
    (
        $(#[$doc:meta])* $name:ident($plain:ident), $shell:ident, [$($async:tt)*],
        |$future:ident| $finish:expr
    ) => {
        $(#[$doc])*
        pub struct $name<V: 'static> {
            entry: $plain<V>,
            operations: Arc<dyn RevisedOperations<V> + Send + Sync>,
        }

        impl<V: 'static> $name<V> {
            pub(crate) fn new(operations: Arc<dyn RevisedOperations<V> + Send + Sync>) -> Self {
                let plain = Arc::clone(&operations);
                Self { entry: $plain(plain), operations }
            }

            /// A value that is kept, however old: by its number from 1 on, or from the end, where -1 is the latest.
            #[must_use]
            pub $($async)* fn revision(&self, number: i64) -> Option<V> {
                let $future = self.operations.revision(Shell::$shell, Which::Number(number));
                $finish
            }

            /// The value that is pinned by this name.
            #[must_use]
            pub $($async)* fn named(&self, name: &str) -> Option<V> {
                let $future = self.operations.revision(Shell::$shell, Which::Name(name.to_owned()));
                $finish
            }

            /// What is kept, the oldest first.
            #[must_use]
            pub $($async)* fn revisions(&self) -> Vec<Revision> {
                let $future = self.operations.revisions(Shell::$shell);
                $finish
            }

            /// Keeps the latest value for as long as it has this name, which is taken from another that has it.
            ///
            /// # Errors
            /// [`Kind::NotCached`](crate::error::Kind::NotCached) if there is none; those of the store.
            pub $($async)* fn pin(&self, name: &str) -> Result<()> {
                let $future = self.operations.pin(Shell::$shell, name.to_owned());
                $finish
            }

            /// Takes a name away, and says whether it was there. What it alone has kept is forgotten.
            pub $($async)* fn unpin(&self, name: &str) -> bool {
                let $future = self.operations.unpin(Shell::$shell, name.to_owned());
                $finish
            }

            /// Forgets the values without a name, but for the latest; returns how many.
            pub $($async)* fn clear_unpinned(&self) -> u64 {
                let $future = self.operations.clear_unpinned(Shell::$shell);
                $finish
            }
        }

        /// It can do all that an entry without revisions can.
        impl<V: 'static> Deref for $name<V> {
            type Target = $plain<V>;

            fn deref(&self) -> &Self::Target {
                &self.entry
            }
        }

        impl<V: 'static> Clone for $name<V> {
            fn clone(&self) -> Self {
                Self::new(Arc::clone(&self.operations))
            }
        }

        impl<V: 'static> fmt::Debug for $name<V> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

entry!(
    /// The entry of one call of a sync function with `revisions`, by its identity arguments.
    RevisedEntry(Entry), Sync, [], |future| block_on(future)
);
entry!(
    /// The entry of one call of an async function with `revisions`, by its identity arguments.
    AsyncRevisedEntry(AsyncEntry), Async, [async], |future| future.await
);

impl<V: 'static> RevisedEntry<V> {
    /// The same entry for async callers.
    #[must_use]
    pub fn nonblocking(self) -> AsyncRevisedEntry<V> {
        AsyncRevisedEntry::new(self.operations)
    }
}

impl<V: 'static> AsyncRevisedEntry<V> {
    /// The same entry for sync callers.
    #[must_use]
    pub fn blocking(self) -> RevisedEntry<V> {
        RevisedEntry::new(self.operations)
    }
}
