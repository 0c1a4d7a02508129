//! The entries of several items of a batch.

use std::{borrow::Borrow, fmt, rc::Rc};

use crate::{
    bridge::{Shell, block_on},
    cache::{LocalManyOperations, SharedManyOperations},
    core::Removal,
    scope::CallOptions,
    sync::Arc,
};

macro_rules! entries {
    (
        $(#[$doc:meta])* $name:ident($pointer:ident<$operations:ty>), $shell:ident, [$($async:tt)*],
        |$future:ident| $finish:expr
    ) => {
        $(#[$doc])*
        pub struct $name<V: 'static>(pub(crate) $pointer<$operations>);

        impl<V: 'static> $name<V> {
            /// The cached value of each item, in their order, if it is fresh. Loads nothing, counts nothing.
            #[must_use]
            pub $($async)* fn peek(&self) -> Vec<Option<V>> {
                let $future = self.0.peek(Shell::$shell);
                $finish
            }

            /// Whether a fresh value is cached for each item, in their order.
            #[must_use]
            pub $($async)* fn contains(&self) -> Vec<bool> {
                let $future = self.0.contains(Shell::$shell);
                $finish
            }

            /// Removes the values. No call that starts after this returns sees one, and no load that is under way
            /// brings one back. Says the worst that became of any: pending, refused, removed, or all were absent.
            pub $($async)* fn invalidate(&self) -> Removal {
                let $future = self.0.invalidate(Shell::$shell);
                $finish
            }

            /// Stores a value for each item, in their order, as if the body had returned them. Says how many were kept:
            /// `cache_if` may turn them down. Values that no item is left for are dropped, items that no value is left
            /// for stay as they are.
            pub $($async)* fn insert(&self, values: impl IntoIterator<Item = V>) -> u64 {
                let $future = self.0.insert(Shell::$shell, values.into_iter().collect());
                $finish
            }

            /// The same entries for a call with these options, as `with` of a single entry.
            #[must_use]
            pub fn with(&self, options: impl Borrow<CallOptions>) -> Self {
                Self(self.0.given(&Arc::new(options.borrow().clone())))
            }
        }

        impl<V: 'static> Clone for $name<V> {
            fn clone(&self) -> Self {
                Self($pointer::clone(&self.0))
            }
        }

        impl<V: 'static> fmt::Debug for $name<V> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

entries!(
    /// The entries of several items of a sync function, by its identity arguments.
    Entries(Arc<dyn SharedManyOperations<V> + Send + Sync>), Sync, [], |future| block_on(future)
);
entries!(
    /// The entries of several items of an async function, by its identity arguments.
    AsyncEntries(Arc<dyn SharedManyOperations<V> + Send + Sync>), Async, [async], |future| future.await
);
entries!(
    /// The entries of several items of a function with `thread_local`, by its identity arguments: those of this thread.
    LocalEntries(Rc<dyn LocalManyOperations<V>>), Sync, [], |future| block_on(future)
);

impl<V: 'static> Entries<V> {
    /// The same entries for async callers.
    #[must_use]
    pub fn nonblocking(self) -> AsyncEntries<V> {
        AsyncEntries(self.0)
    }
}

impl<V: 'static> AsyncEntries<V> {
    /// The same entries for sync callers.
    #[must_use]
    pub fn blocking(self) -> Entries<V> {
        Entries(self.0)
    }
}
