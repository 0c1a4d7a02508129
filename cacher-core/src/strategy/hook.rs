//! What stands in `strategies = [..]`: strategies, and transforms of the cached value.
//!
//! Which of the two an expression makes is asked of its type alone, by method resolution as in
//! [`crate::key::part`], and it is evaluated once: with the strategies, which know no value type, or with the
//! transforms, which do.

use std::{fmt, marker::PhantomData};

use super::{Strategy, Transform};
use crate::sync::Arc;

/// Makes the transforms of a list.
pub type Transforms<V> = fn() -> Vec<Arc<dyn Transform<V>>>;

/// An expression that makes a `T`, not evaluated yet.
pub struct Candidate<F, T> {
    make: F,
    made: PhantomData<fn() -> T>,
}

impl<F, T> fmt::Debug for Candidate<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate").finish_non_exhaustive()
    }
}

impl<F: Fn() -> T, T> Candidate<F, T> {
    /// Asks about an expression.
    pub fn new(make: F) -> Self {
        Self { make, made: PhantomData }
    }
}

/// First choice: it makes a strategy.
pub trait MakesStrategy {
    #[doc(hidden)]
    fn strategy(&self) -> Option<Arc<dyn Strategy>>;
}

/// Else: something else.
pub trait MakesOther {
    #[doc(hidden)]
    fn strategy(&self) -> Option<Arc<dyn Strategy>>;
}

impl<F: Fn() -> T, T: Strategy> MakesStrategy for &Candidate<F, T> {
    fn strategy(&self) -> Option<Arc<dyn Strategy>> {
        Some(Arc::new((self.make)()))
    }
}

impl<F, T> MakesOther for Candidate<F, T> {
    fn strategy(&self) -> Option<Arc<dyn Strategy>> {
        None
    }
}

/// An expression that makes a `T`, asked for a transform of `V`.
pub struct Offer<V, F, T> {
    make: F,
    types: PhantomData<fn() -> (V, T)>,
}

impl<V, F, T> fmt::Debug for Offer<V, F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offer").finish_non_exhaustive()
    }
}

impl<V, F: Fn() -> T, T> Offer<V, F, T> {
    /// Asks about an expression.
    pub fn new(make: F) -> Self {
        Self { make, types: PhantomData }
    }
}

/// First choice: it makes a transform of this value.
pub trait MakesTransform {
    #[doc(hidden)]
    type Value;
    #[doc(hidden)]
    fn transform(&self) -> Transforming<Self::Value>;
}

/// Else: it has to make a strategy.
pub trait MakesNoTransform {
    #[doc(hidden)]
    type Made;
    #[doc(hidden)]
    fn transform(&self) -> Other<Self::Made>;
}

/// A transform.
pub struct Transforming<V>(pub(crate) Arc<dyn Transform<V>>);

/// No transform.
#[derive(Debug)]
pub struct Other<T>(PhantomData<fn() -> T>);

impl<V> fmt::Debug for Transforming<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transforming").finish_non_exhaustive()
    }
}

impl<V, F: Fn() -> T, T: Transform<V>> MakesTransform for &Offer<V, F, T> {
    type Value = V;
    fn transform(&self) -> Transforming<V> {
        Transforming(Arc::new((self.make)()))
    }
}

impl<V, F, T> MakesNoTransform for Offer<V, F, T> {
    type Made = T;
    fn transform(&self) -> Other<T> {
        Other(PhantomData)
    }
}

/// The strategy that an expression makes, if it makes one.
#[doc(hidden)]
#[macro_export]
macro_rules! strategy {
    ($make:expr) => {{
        use $crate::strategy::hook::{MakesOther as _, MakesStrategy as _};
        (&&$crate::strategy::hook::Candidate::new($make)).strategy()
    }};
}

/// The answer whether an expression makes a transform of a value.
#[doc(hidden)]
#[macro_export]
macro_rules! transform {
    ($value:ty, $make:expr) => {{
        use $crate::strategy::hook::{MakesNoTransform as _, MakesTransform as _};
        (&&$crate::strategy::hook::Offer::<$value, _, _>::new($make)).transform()
    }};
}
