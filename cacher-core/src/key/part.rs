//! One identity argument of a call, by reference.
//!
//! [`part!`](crate::part) picks how an argument is hashed and kept, by the first of these that its type allows:
//! its structure ([`Arg`]), the `Hash + Eq` of what it borrows, its own. The choice is made by method
//! resolution on a receiver of several references ("autoref specialization", D. Tolnay), as no trait bound can
//! say "if".

#![expect(clippy::ref_option_ref, reason = "a reference to an argument, which may be an optional reference itself")]

use std::{
    borrow::Borrow,
    hash::{Hash, Hasher},
};

use super::arg::Arg;

/// An identity argument, borrowed: can be hashed, compared with a kept one, and kept.
pub trait KeyPart {
    /// What is kept.
    type Owned: Eq + Clone + 'static;
    /// Feeds the argument to a hasher.
    fn hash<H: Hasher>(&self, state: &mut H);
    /// Whether `owned` was made of an equal argument.
    fn is(&self, owned: &Self::Owned) -> bool;
    /// A copy to keep.
    fn own(&self) -> Self::Owned;
}

/// The argument to be turned into a part.
#[derive(Debug)]
pub struct Candidate<T>(pub T);

/// A part known by its structure.
#[derive(Debug)]
pub struct Structural<'a, T: ?Sized>(&'a T);

/// A part known by its own `Hash` and `Eq`.
#[derive(Debug)]
pub struct Hashed<'a, T: ?Sized>(&'a T);

/// An optional reference to something known by its own `Hash` and `Eq`.
#[derive(Debug)]
pub struct HashedOption<'a, T: ?Sized>(Option<&'a T>);

/// An argument that nothing is known about.
#[derive(Debug)]
pub struct Unknown<'a, T: ?Sized>(&'a T);

/// What no type has: it gives the error message its words.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot tell one call from another",
    label = "neither hashable nor ignored",
    note = "derive `Hash`, `PartialEq`, `Eq` and `Clone` for it (a type parameter takes them as bounds, with \
            `Send + Sync + 'static`), or leave the argument out with `ignore = [..]`, or say what identifies a call \
            with `key = (..)`"
)]
pub trait Keyable {}

impl<T: Arg + ?Sized> KeyPart for Structural<'_, T> {
    type Owned = T::Owned;
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
    #[inline]
    fn is(&self, owned: &T::Owned) -> bool {
        self.0.is(owned)
    }
    #[inline]
    fn own(&self) -> T::Owned {
        self.0.own()
    }
}

impl<T> KeyPart for Hashed<'_, T>
where
    T: Hash + Eq + ToOwned + ?Sized,
    T::Owned: Eq + Clone + 'static,
{
    type Owned = T::Owned;
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        Hash::hash(self.0, state);
    }
    #[inline]
    fn is(&self, owned: &T::Owned) -> bool {
        *self.0 == *owned.borrow()
    }
    #[inline]
    fn own(&self) -> T::Owned {
        self.0.to_owned()
    }
}

impl<T> KeyPart for HashedOption<'_, T>
where
    T: Hash + Eq + ToOwned + ?Sized,
    T::Owned: Eq + Clone + 'static,
{
    type Owned = Option<T::Owned>;
    fn hash<H: Hasher>(&self, state: &mut H) {
        Hash::hash(&self.0, state);
    }
    fn is(&self, owned: &Self::Owned) -> bool {
        self.0 == owned.as_ref().map(Borrow::borrow)
    }
    fn own(&self) -> Self::Owned {
        self.0.map(ToOwned::to_owned)
    }
}

impl<'a, T: ?Sized> Structural<'a, T> {
    /// The part that an argument makes.
    pub(crate) fn of(arg: &'a T) -> Self {
        Self(arg)
    }
}

impl<'a, T: ?Sized> Hashed<'a, T> {
    /// The part that an argument makes.
    pub(crate) fn of(arg: &'a T) -> Self {
        Self(arg)
    }
}

/// One rung of the choice: the trait whose method is found if the type allows.
macro_rules! rung {
    ($(#[$doc:meta])* $trait:ident, [$($bounds:tt)*], $receiver:ty => $part:ty, |$candidate:ident| $make:expr) => {
        $(#[$doc])*
        pub trait $trait<'a> {
            #[doc(hidden)]
            type Part;
            #[doc(hidden)]
            fn part(&self) -> Self::Part;
        }
        impl<'a, $($bounds)*> $trait<'a> for $receiver {
            type Part = $part;
            #[inline]
            fn part(&self) -> Self::Part {
                let $candidate = self.0;
                $make
            }
        }
    };
}

rung!(/// First choice: structure.
    ByStructure, [T: Arg], &&&&Candidate<&'a T> => Structural<'a, T>, |arg| Structural(arg));
rung!(/// Second: a reference to what hashes.
    ByReference, [T: Hash + Eq + ToOwned + ?Sized], &&&Candidate<&'a &'a T> => Hashed<'a, T>, |arg| Hashed(*arg));
rung!(/// Third: an optional reference to what hashes.
    ByOption, [T: Hash + Eq + ToOwned + ?Sized], &&Candidate<&'a Option<&'a T>> => HashedOption<'a, T>,
    |arg| HashedOption(*arg));
rung!(/// Fourth: what hashes.
    ByHash, [T: Hash + Eq + Clone + 'static], &Candidate<&'a T> => Hashed<'a, T>, |arg| Hashed(arg));
rung!(/// Last: nothing fits, and the bound of the caller says so.
    ByNothing, [T], Candidate<&'a T> => Unknown<'a, T>, |arg| Unknown(arg));

/// The part that the argument behind a reference makes.
#[doc(hidden)]
#[macro_export]
macro_rules! part {
    ($reference:expr) => {{
        use $crate::key::part::{ByHash as _, ByNothing as _, ByOption as _, ByReference as _, ByStructure as _};
        (&&&&&$crate::key::part::Candidate($reference)).part()
    }};
}
