//! Whether a type has a schema, asked of its type alone: by method resolution, without a bound.

use std::{fmt, marker::PhantomData};

use super::{Fingerprint, Outline, Schema};

/// A question about a type.
pub struct Probe<T: ?Sized>(PhantomData<fn() -> Box<T>>);

impl<T: ?Sized> Probe<T> {
    /// Asks.
    #[expect(clippy::new_without_default, reason = "for the macros alone")]
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: ?Sized> fmt::Debug for Probe<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe").finish()
    }
}

/// First choice: it has one.
pub trait Described {
    #[doc(hidden)]
    fn part(&self, outline: &mut Outline, written: &str);
    #[doc(hidden)]
    fn fingerprint(&self) -> Option<Fingerprint>;
}

/// Else: what is written is all that is known.
pub trait Undescribed {
    #[doc(hidden)]
    fn part(&self, outline: &mut Outline, written: &str);
    #[doc(hidden)]
    fn fingerprint(&self) -> Option<Fingerprint>;
}

impl<T: Schema + ?Sized> Described for &Probe<T> {
    fn part(&self, outline: &mut Outline, _written: &str) {
        outline.part::<T>();
    }

    fn fingerprint(&self) -> Option<Fingerprint> {
        Some(Fingerprint::of::<T>())
    }
}

impl<T: ?Sized> Undescribed for Probe<T> {
    fn part(&self, outline: &mut Outline, written: &str) {
        outline.word("type");
        outline.word(written);
    }

    fn fingerprint(&self) -> Option<Fingerprint> {
        None
    }
}

/// Takes down a field's type, by its schema if it has one, else as it is written.
#[doc(hidden)]
#[macro_export]
macro_rules! schema_part {
    ($outline:expr, $part:ty, $written:expr) => {{
        use $crate::schema::{Described as _, Undescribed as _};
        (&&$crate::schema::Probe::<$part>::new()).part($outline, $written)
    }};
}

/// The fingerprint of a type that has a schema.
#[doc(hidden)]
#[macro_export]
macro_rules! schema_of {
    ($value:ty) => {{
        use $crate::schema::{Described as _, Undescribed as _};
        (&&$crate::schema::Probe::<$value>::new()).fingerprint()
    }};
}
