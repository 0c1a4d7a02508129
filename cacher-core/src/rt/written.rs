//! What a function that changes a source does, when it has returned, to the entries of those that read it.

use std::ops::Deref;

use crate::{
    bridge::{Shell, block_on},
    cache::{LocalOperations, SharedOperations},
    companion::{
        AsyncEntry, AsyncHandle, AsyncRevisedEntry, Entry, Handle, LocalEntry, RevisedEntry, invalidate_tags,
        invalidate_tags_async,
    },
    core::Removal,
};

/// An entry of a function of whatever colour.
pub trait Target {
    /// What it holds.
    type Value;

    #[doc(hidden)]
    fn end(&self, shell: Shell) -> impl Future<Output = Removal>;

    #[doc(hidden)]
    fn put(&self, shell: Shell, value: Self::Value) -> impl Future<Output = bool>;
}

macro_rules! target {
    ($($entry:ident: $operations:ident;)*) => {$(
        impl<V: 'static> Target for $entry<V> {
            type Value = V;

            fn end(&self, shell: Shell) -> impl Future<Output = Removal> {
                $operations::invalidate(&*self.0, shell)
            }

            fn put(&self, shell: Shell, value: V) -> impl Future<Output = bool> {
                $operations::insert(&*self.0, shell, value)
            }
        }
    )*};
}

target! {
    Entry: SharedOperations;
    AsyncEntry: SharedOperations;
    LocalEntry: LocalOperations;
}

macro_rules! revised {
    ($($entry:ident: $plain:ident;)*) => {$(
        impl<V: 'static> Target for $entry<V> {
            type Value = V;

            fn end(&self, shell: Shell) -> impl Future<Output = Removal> {
                $plain::end(self.deref(), shell)
            }

            fn put(&self, shell: Shell, value: V) -> impl Future<Output = bool> {
                $plain::put(self.deref(), shell, value)
            }
        }
    )*};
}

revised! {
    RevisedEntry: Entry;
    AsyncRevisedEntry: AsyncEntry;
}

/// What a writer's body returns.
pub fn run<R>(body: impl FnOnce() -> R) -> R {
    body()
}

/// All entries of a function of whatever colour.
pub fn all(cache: impl Into<AsyncHandle>) -> AsyncHandle {
    cache.into()
}

impl From<Handle> for AsyncHandle {
    fn from(handle: Handle) -> Self {
        handle.nonblocking()
    }
}

/// Removes an entry.
pub fn invalidate(entry: &impl Target) {
    block_on(entry.end(Shell::Sync));
}

/// [`invalidate`] for async writers.
pub async fn invalidate_async(entry: &impl Target) {
    entry.end(Shell::Async).await;
}

/// Puts a value into an entry; where it may not be kept, what was there goes.
pub fn update<T: Target>(entry: &T, value: T::Value) {
    if !block_on(entry.put(Shell::Sync, value)) {
        invalidate(entry);
    }
}

/// [`update`] for async writers.
pub async fn update_async<T: Target>(entry: &T, value: T::Value) {
    if !entry.put(Shell::Async, value).await {
        invalidate_async(entry).await;
    }
}

/// Removes all entries.
pub fn clear(cache: &AsyncHandle) {
    cache.clone().blocking().clear();
}

/// [`clear`] for async writers.
pub async fn clear_async(cache: &AsyncHandle) {
    cache.clear().await;
}

/// Removes what has a tag.
pub fn invalidate_tag(tag: &str) {
    invalidate_tags(&[tag]);
}

/// [`invalidate_tag`] for async writers.
pub async fn invalidate_tag_async(tag: &str) {
    invalidate_tags_async(&[tag]).await;
}
