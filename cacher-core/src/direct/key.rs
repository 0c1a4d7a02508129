//! Keys by reference.

use std::{borrow::Borrow, hash::Hash};

use crate::key::{
    part::Hashed,
    parts::{Borrowed, Owned},
};

/// A key as a caller has it: a `&K`, or what a `K` borrows as and is made of, such as a `&str` for a `String`, a
/// `&[T]` for a `Vec<T>` or a `&Path` for a `PathBuf`.
pub trait AsKey<K>: Hash + Eq + ToOwned<Owned = K> {}

impl<K: Borrow<Q> + Hash + Eq, Q: Hash + Eq + ToOwned<Owned = K> + ?Sized> AsKey<K> for Q {}

/// What is kept of a key.
pub(super) type Kept<K> = Owned<(K,)>;

/// What identifies a call whose only argument is the key.
pub(super) fn parts<Q: Hash + Eq + ToOwned + ?Sized>(key: &Q) -> Borrowed<(Hashed<'_, Q>,)> {
    Borrowed((Hashed::of(key),))
}
