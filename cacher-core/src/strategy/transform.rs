use crate::sync::Arc;

/// Changes values on their way into the cache or out of it.
///
/// Several in a list are applied in its order on the way in, and in the opposite order on the way out. The callers of
/// a load get what the body returned; hits get what comes out. Runs without a lock, on the thread of the call. If it
/// panics on the way in, nothing is kept; on the way out, nothing is found; either is reported to
/// [`on_fault`](crate::fault::on_fault). An `Arc` or a `&'static` one serves several caches. What says how long a value
/// lives, as `ttl = |value| ..` does, sees what the body returned.
///
/// ```
/// use cacher_core::strategy::Transform;
///
/// /// Keeps the first kilobyte.
/// struct Short;
///
/// impl Transform<String> for Short {
///     fn write(&self, value: String) -> String {
///         value.chars().take(1000).collect()
///     }
/// }
/// ```
pub trait Transform<V>: Send + Sync + 'static {
    /// What is kept in place of `value`.
    fn write(&self, value: V) -> V {
        value
    }

    /// What a hit returns in place of `value`.
    fn read(&self, value: V) -> V {
        value
    }
}

macro_rules! shared {
    ($($pointer:ty),*) => { $(
        /// Shared between caches.
        impl<V, T: Transform<V> + ?Sized> Transform<V> for $pointer {
            fn write(&self, value: V) -> V {
                (**self).write(value)
            }

            fn read(&self, value: V) -> V {
                (**self).read(value)
            }
        }
    )* };
}

shared!(Arc<T>, &'static T);
