//! How a value stands in memory: as it is if copying it runs no code of the user, else behind an [`Arc`].
//!
//! A table copies a slot while it holds a lock, so only such a copy may happen there. What `Clone` a user's type
//! has runs after the lock. The choice is made by method resolution, as in [`crate::key::part`].

use std::{marker::PhantomData, rc::Rc, sync::Arc};

/// A value in a slot.
pub trait Held: Clone + 'static {
    /// What callers get.
    type Value: Clone + 'static;
    /// Takes a value in.
    fn hold(value: Self::Value) -> Self;
    /// The value, for one caller. Runs the user's `Clone`.
    fn value(self) -> Self::Value;
    /// The same, where this may be all that holds it: then nothing is cloned.
    fn into_value(self) -> Self::Value {
        self.value()
    }
}

/// A value in a slot that threads share.
pub trait HeldByAll: Held<Value: Send + Sync> + Send + Sync {}

impl<H: Held<Value: Send + Sync> + Send + Sync> HeldByAll for H {}

/// A way to hold values of a type, whether it suits them or not.
pub trait Holder {
    /// What is held.
    type Held;
}

impl<V> Holder for Copied<V> {
    type Held = V;
}

impl<V> Holder for Inline<V> {
    type Held = V;
}

impl<V> Holder for Shared<V> {
    type Held = V;
}

/// Copied bit by bit: a `Clone` that a `Copy` type has besides is not asked.
#[derive(Debug)]
pub struct Copied<V>(V);

/// Cloning it runs no code of the user.
#[derive(Clone, Debug)]
pub struct Inline<V>(V);

/// Copied only where no lock is held.
#[derive(Debug)]
pub struct Shared<V>(Arc<V>);

impl<V> Clone for Shared<V> {
    #[inline]
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[expect(clippy::expl_impl_clone_on_copy, reason = "only a type that is `Copy` has it")]
impl<V: Copy> Clone for Copied<V> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<V: Copy> Copy for Copied<V> {}

impl<V: Copy + 'static> Held for Copied<V> {
    type Value = V;
    #[inline]
    fn hold(value: V) -> Self {
        Self(value)
    }
    #[inline]
    fn value(self) -> V {
        self.0
    }
}

impl<V: Clone + 'static> Held for Inline<V> {
    type Value = V;
    #[inline]
    fn hold(value: V) -> Self {
        Self(value)
    }
    #[inline]
    fn value(self) -> V {
        self.0
    }
}

impl<V: Clone + 'static> Held for Shared<V> {
    type Value = V;
    #[inline]
    fn hold(value: V) -> Self {
        Self(Arc::new(value))
    }
    #[inline]
    fn value(self) -> V {
        V::clone(&self.0)
    }
    fn into_value(self) -> V {
        Arc::unwrap_or_clone(self.0)
    }
}

/// Types of std whose `Clone` runs no code of the user.
pub trait Leaf: Clone {}

macro_rules! leaves {
    ($($type:ty),* $(,)?) => { $(impl Leaf for $type {})* };
}

leaves!(String, Box<str>, std::path::PathBuf, std::ffi::OsString);
impl<T: ?Sized> Leaf for Arc<T> {}
impl<T: ?Sized> Leaf for Rc<T> {}

impl<T: Leaf> Leaf for Option<T> {}

/// The question how a value is to be held; [`held!`](crate::held) asks it.
#[derive(Debug)]
pub struct Kind<V>(PhantomData<fn() -> V>);

impl<V> Kind<V> {
    /// Asks.
    #[must_use]
    pub const fn of() -> Self {
        Self(PhantomData)
    }
}

/// The answer, as a type.
#[derive(Debug)]
pub struct As<H>(PhantomData<fn() -> H>);

impl<H> As<H> {
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<H> Clone for As<H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H> Copy for As<H> {}

/// First choice: `Copy`.
pub trait HoldCopy {
    #[doc(hidden)]
    type Held;
    #[doc(hidden)]
    fn held(&self) -> As<Self::Held> {
        As::new()
    }
}

/// Second: a leaf of std.
pub trait HoldLeaf {
    #[doc(hidden)]
    type Held;
    #[doc(hidden)]
    fn held(&self) -> As<Self::Held> {
        As::new()
    }
}

/// Last: anything.
pub trait HoldShared {
    #[doc(hidden)]
    type Held;
    #[doc(hidden)]
    fn held(&self) -> As<Self::Held> {
        As::new()
    }
}

impl<V: Copy> HoldCopy for &&Kind<V> {
    type Held = Copied<V>;
}

impl<V: Leaf> HoldLeaf for &Kind<V> {
    type Held = Inline<V>;
}

impl<V> HoldShared for Kind<V> {
    type Held = Shared<V>;
}

/// How a value of a type is held.
#[doc(hidden)]
#[macro_export]
macro_rules! held {
    ($value:ty) => {{
        use $crate::memory::held::{HoldCopy as _, HoldLeaf as _, HoldShared as _};
        (&&&$crate::memory::held::Kind::<$value>::of()).held()
    }};
}
