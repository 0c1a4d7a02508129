//! The operations of both shells, written once.

use std::{
    hash::Hash,
    time::{Duration, SystemTime},
};

use serde::de::DeserializeOwned;

use super::{AsKey, AsyncCache, Cache};
use crate::{
    bridge::{Shell, block_on},
    core::Removal,
    error::Result,
};

macro_rules! operations {
    ($name:ident, $shell:ident, [$($async:tt)*], |$future:ident| $finish:expr) => {
        impl<K, V> $name<K, V>
        where
            K: Hash + Eq + Clone + Send + Sync + 'static,
            V: Clone + Send + Sync + 'static,
        {
            /// The value under `key`, if it is fresh: from memory, or from the first store that has it, and then it
            /// goes to those before that one too. Counts as a hit or a miss.
            pub $($async)* fn get<Q: AsKey<K> + ?Sized>(&self, key: &Q) -> Option<V> {
                let $future = self.0.get(Shell::$shell, key);
                $finish
            }

            /// The values under `keys`, in their order, each as [`get`](Self::get) returns it. Stores behind a network
            /// are asked for 128 at once.
            pub $($async)* fn get_many<'a, Q, I>(&self, keys: I) -> Vec<Option<V>>
            where
                Q: AsKey<K> + ?Sized + 'a,
                I: IntoIterator<Item = &'a Q>,
            {
                let $future = self.0.get_many(Shell::$shell, keys);
                $finish
            }

            /// Whether a fresh value is kept under `key`. Counts nothing.
            #[must_use]
            pub $($async)* fn contains<Q: AsKey<K> + ?Sized>(&self, key: &Q) -> bool {
                let $future = self.0.contains(Shell::$shell, key);
                $finish
            }

            /// Keeps `value` under `key` in place of what was there, and says whether it is kept: not if a strategy
            /// turns it down, if it is too large for memory and there is no store, or if something newer came first.
            /// Then what was there before is gone too.
            ///
            /// It lives for the TTL of the cache, or of [`with_ttl`](Self::with_ttl).
            pub $($async)* fn set<Q: AsKey<K> + ?Sized>(&self, key: &Q, value: V) -> bool {
                let $future = self.0.set(Shell::$shell, key, value);
                $finish
            }

            /// Keeps `value` if nothing fresh is under `key`, and says whether it did. Of several in this process that
            /// try at once, one does; other processes are not kept out.
            pub $($async)* fn set_if_absent<Q: AsKey<K> + ?Sized>(&self, key: &Q, value: V) -> bool {
                let $future = self.0.set_if_absent(Shell::$shell, key, value);
                $finish
            }

            /// Keeps several values, each as [`set`](Self::set) does, and says how many are kept.
            pub $($async)* fn set_many<'a, Q, I>(&self, entries: I) -> u64
            where
                Q: AsKey<K> + ?Sized + 'a,
                I: IntoIterator<Item = (&'a Q, V)>,
            {
                let $future = self.0.set_many(Shell::$shell, entries);
                $finish
            }

            /// Puts in place of the value under `key` what `change` makes of it, and returns that. `change` gets `None`
            /// if nothing fresh is there; if it returns `None`, all stays as it is.
            ///
            /// No change in this process is lost: if something else is put there or removed before the new value is,
            /// `change` is asked again with what is there then. It must not change the same key itself. If others come
            /// first for longer than the [`patience`](super::CacheBuilder::patience), or a store does not answer for
            /// five seconds, the new value is returned, and not kept, which is reported to
            /// [`on_fault`](crate::fault::on_fault). Of two processes that update a value in a store at once, the
            /// later write stands.
            pub $($async)* fn update<Q, F>(&self, key: &Q, change: F) -> Option<V>
            where
                Q: AsKey<K> + ?Sized,
                F: FnMut(Option<V>) -> Option<V>,
            {
                let $future = self.0.update(Shell::$shell, key, change);
                $finish
            }

            /// Removes the value under `key`, and says whether a fresh one was there. No operation that starts after
            /// this returns sees it, and no load that is under way brings it back, whatever the answer: a store that
            /// can't be reached is asked again later. Of several that remove it at once from several backends, more
            /// than one may have found it there.
            pub $($async)* fn delete<Q: AsKey<K> + ?Sized>(&self, key: &Q) -> bool {
                let $future = self.0.delete(Shell::$shell, key);
                $finish
            }

            /// Removes several values, each as [`delete`](Self::delete) does, and says how many were there.
            pub $($async)* fn delete_many<'a, Q, I>(&self, keys: I) -> u64
            where
                Q: AsKey<K> + ?Sized + 'a,
                I: IntoIterator<Item = &'a Q>,
            {
                let $future = self.0.delete_many(Shell::$shell, keys);
                $finish
            }

            /// Lets the value under `key` live this long from now, and says whether there was one. Zero removes it;
            /// [`Duration::MAX`] keeps it for ever.
            pub $($async)* fn expire_in<Q: AsKey<K> + ?Sized>(&self, key: &Q, life: Duration) -> bool {
                let $future = self.0.expire_in(Shell::$shell, key, life);
                $finish
            }

            /// Lets the value under `key` live until then, and says whether there was one. A time that has passed
            /// removes it.
            pub $($async)* fn expire_at<Q: AsKey<K> + ?Sized>(&self, key: &Q, time: SystemTime) -> bool {
                let $future = self.0.expire_at(Shell::$shell, key, time);
                $finish
            }

            /// Removes every entry of this cache, in memory and in its stores, and nothing else.
            pub $($async)* fn clear(&self) -> Removal {
                let $future = self.0.core.clear(Shell::$shell);
                $finish
            }

            /// How many entries there are: those of the last backend, expired ones that nobody has come across
            /// included.
            #[must_use]
            #[expect(clippy::len_without_is_empty, reason = "asks a store")]
            pub $($async)* fn len(&self) -> u64 {
                let $future = self.0.core.len(Shell::$shell);
                $finish
            }

            /// The keys of the values within their time, in any order: those of the last backend.
            ///
            /// # Errors
            /// [`Kind::Unsupported`](crate::error::Kind::Unsupported) in memory alone, where entries are encrypted or
            /// bare and so don't say their keys, and where the store has no [`scan`](crate::backend::Backend::scan);
            /// those of the store. A key of another type is left out, which is reported to
            /// [`on_fault`](crate::fault::on_fault).
            pub $($async)* fn keys(&self) -> Result<Vec<K>>
            where
                K: DeserializeOwned,
            {
                let $future = self.0.keys(Shell::$shell);
                $finish
            }

            /// Removes what expired more than a quarter of a second ago, from memory and from stores. The cache does
            /// so itself now and then.
            pub $($async)* fn purge(&self) {
                let $future = self.0.core.purge(Shell::$shell);
                $finish
            }
        }
    };
}

operations!(Cache, Sync, [], |future| block_on(future));
operations!(AsyncCache, Async, [async], |future| future.await);
