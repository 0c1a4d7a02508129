//! What a function's return type means for its cache.

use std::{any::Any, fmt, marker::PhantomData};

use crate::{error::Error, flight::SharedError, sync::Arc};

/// Every return value is a value to keep.
#[derive(Clone, Copy, Debug)]
pub struct Plain;

/// `Ok` is a value to keep, `Err` never is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fallible;

/// A return type whose `Ok` is kept: `Result` alone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `Result`",
    label = "what is in `Ok` would be kept",
    note = "write `#[cache(value)]` to keep all that is returned"
)]
pub trait ResultOk {
    /// What is kept.
    type Ok;
    #[doc(hidden)]
    type Mode: Default;
}

impl<T, E> ResultOk for Result<T, E> {
    type Ok = T;
    type Mode = Fallible;
}

/// How a return type `R` is read.
pub trait Mode<R> {
    /// What is kept.
    type Value;
    /// The value to keep, or what is returned in its place.
    ///
    /// # Errors
    /// The return value as it is, if there is nothing to keep.
    fn split(returned: R) -> Result<Self::Value, R>;
    /// The return value of a hit.
    fn returned(value: Self::Value) -> R;
}

impl<R> Mode<R> for Plain {
    type Value = R;
    #[inline]
    fn split(returned: R) -> Result<R, R> {
        Ok(returned)
    }
    #[inline]
    fn returned(value: R) -> R {
        value
    }
}

impl<T, E> Mode<Result<T, E>> for Fallible {
    type Value = T;
    #[inline]
    fn split(returned: Result<T, E>) -> Result<T, Result<T, E>> {
        returned.map_err(Err)
    }
    #[inline]
    fn returned(value: T) -> Result<T, E> {
        Ok(value)
    }
}

/// What else can be returned than a value: how errors are shared between the callers of one load, and how the cache
/// says that it has nothing.
pub struct Returns<M, R> {
    pub(crate) share: fn(&R) -> Option<SharedError>,
    pub(crate) shared: fn(&SharedError) -> Option<R>,
    pub(crate) failed: fn(Error) -> Option<R>,
    /// Whether `failed` has an answer.
    pub(crate) tells: bool,
    /// Whether the error in a return value answers further calls.
    pub(crate) lasts: fn(&R) -> bool,
    mode: PhantomData<fn() -> M>,
}

impl<M, R> Clone for Returns<M, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, R> Copy for Returns<M, R> {}

impl<M, R> fmt::Debug for Returns<M, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Returns").finish_non_exhaustive()
    }
}

impl<M, R> Returns<M, R> {
    /// Neither shares errors nor makes any.
    #[must_use]
    #[inline]
    pub fn values(_mode: M) -> Self {
        Self { share: |_| None, shared: |_| None, failed: |_| None, tells: false, lasts: |_| false, mode: PhantomData }
    }

    /// The same, where the errors of some return values answer further calls.
    #[must_use]
    #[inline]
    pub fn lasting(self, lasts: fn(&R) -> bool) -> Self {
        Self { lasts, ..self }
    }
}

/// The question what a return type can say; [`returns!`](crate::returns) asks it.
pub struct Question<R>(PhantomData<fn() -> R>);

impl<R> fmt::Debug for Question<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question").finish()
    }
}

impl<R> Question<R> {
    /// Asks.
    #[must_use]
    pub const fn of() -> Self {
        Self(PhantomData)
    }
}

/// First choice: an error that can be cloned is shared.
pub trait ShareError<R> {
    #[doc(hidden)]
    fn sharing<M>(&self, returns: Returns<M, R>) -> Returns<M, R>;
}

/// Else: the next caller leads.
pub trait KeepError<R> {
    #[doc(hidden)]
    fn sharing<M>(&self, returns: Returns<M, R>) -> Returns<M, R>;
}

impl<T: 'static, E: Any + Clone + Send + Sync> ShareError<Result<T, E>> for &Question<Result<T, E>> {
    fn sharing<M>(&self, returns: Returns<M, Result<T, E>>) -> Returns<M, Result<T, E>> {
        Returns {
            share: |returned| Some(Arc::new(returned.as_ref().err()?.clone())),
            shared: |error| error.downcast_ref::<E>().cloned().map(Err),
            ..returns
        }
    }
}

impl<R> KeepError<R> for Question<R> {
    fn sharing<M>(&self, returns: Returns<M, R>) -> Returns<M, R> {
        returns
    }
}

/// First choice: an error that can say what a cache has to say.
pub trait TellError<R> {
    #[doc(hidden)]
    fn telling<M>(&self, returns: Returns<M, R>) -> Returns<M, R>;
}

/// Else: there is no way to say it.
pub trait MuteError<R> {
    #[doc(hidden)]
    fn telling<M>(&self, returns: Returns<M, R>) -> Returns<M, R>;
}

impl<T, E: From<Error>> TellError<Result<T, E>> for &Question<Result<T, E>> {
    fn telling<M>(&self, returns: Returns<M, Result<T, E>>) -> Returns<M, Result<T, E>> {
        Returns { failed: |error| Some(Err(error.into())), tells: true, ..returns }
    }
}

impl<R> MuteError<R> for Question<R> {
    fn telling<M>(&self, returns: Returns<M, R>) -> Returns<M, R> {
        returns
    }
}

/// What a return type can say beside a value.
#[doc(hidden)]
#[macro_export]
macro_rules! returns {
    ($mode:expr, $returned:ty) => {{
        use $crate::returns::{KeepError as _, MuteError as _, ShareError as _, TellError as _};
        let question = $crate::returns::Question::<$returned>::of();
        (&&question).telling((&&question).sharing($crate::returns::Returns::values($mode)))
    }};
}

/// The question whether a type is a `Result`, under whatever name. A method of a type comes before that of a trait.
pub struct Probe<R>(PhantomData<fn() -> R>);

impl<R> fmt::Debug for Probe<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe").finish()
    }
}

impl<R> Probe<R> {
    /// Asks.
    #[must_use]
    pub const fn of() -> Self {
        Self(PhantomData)
    }
}

/// The answer for any type.
pub trait NotResult {
    /// It is not.
    fn answer(&self) -> Value {
        Value
    }
}

impl<R> NotResult for Probe<R> {}

impl<T, E> Probe<Result<T, E>> {
    /// It is.
    #[must_use]
    pub fn answer(&self) -> ResultOf<T, E> {
        ResultOf(PhantomData)
    }
}

/// A value, and no error.
#[derive(Debug)]
pub struct Value;

/// A value or an error.
#[derive(Debug)]
pub struct ResultOf<T, E>(PhantomData<fn() -> (T, E)>);

/// An answer that is not to be a `Result`.
#[diagnostic::on_unimplemented(
    message = "this is a `Result` under another name",
    label = "are its errors to be kept?",
    note = "write `#[cache(result)]` to keep what is in `Ok`, or `#[cache(value)]` to keep errors too"
)]
pub trait ValueOnly {}

impl ValueOnly for Value {}

/// A value that may be nothing, for `none_ttl`.
#[diagnostic::on_unimplemented(
    message = "`none_ttl` is for functions that return an `Option`, or a `Result` of one",
    label = "`{Self}` is not an `Option`"
)]
pub trait MaybeNone {
    /// Whether it is nothing.
    fn is_none(&self) -> bool;
}

impl<T> MaybeNone for Option<T> {
    fn is_none(&self) -> bool {
        Option::is_none(self)
    }
}
