//! What the attribute demands of types, one thing at a time and before anything else.
//!
//! Each function hands on what it was given, as a type that the demand chooses. Where a type falls short there is
//! none: the compiler says so in the words of that demand, knows the type no more, and so has nothing else to
//! complain about. One mistake is one message, at the tokens where the attribute puts the call.

mod strategies;

pub use strategies::{can_tell, can_tell_late, can_tell_open, errors_last, limit, listed, partition, tag_part};

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    codec::Stored,
    key::{
        part::{Hashed, HashedOption, KeyPart, Keyable, Structural, Unknown},
        secret::{Secret, Wipe},
    },
    memory::held::{As, Held, Holder},
    returns::{Plain, ValueOnly},
    site::Site,
};

/// A part that can tell one call from another.
pub trait Identifying {
    #[doc(hidden)]
    type Known: KeyPart;
    #[doc(hidden)]
    fn known(self) -> Self::Known;
}

macro_rules! identifying {
    ($($part:ty),*) => { $(
        impl<T: ?Sized> Identifying for $part
        where
            Self: KeyPart,
        {
            type Known = Self;
            #[inline]
            fn known(self) -> Self {
                self
            }
        }
    )* };
}

identifying!(Structural<'_, T>, Hashed<'_, T>, HashedOption<'_, T>);

impl<T: Keyable> Identifying for Unknown<'_, T> {
    type Known = Structural<'static, ()>;
    fn known(self) -> Self::Known {
        Structural::of(&())
    }
}

/// What is handed on.
pub trait Handed: Sized {}

impl<P: KeyPart> Handed for P {}
impl<H> Handed for As<H> {}
impl Handed for Stored {}

/// What no type has.
pub trait Impossible {}

/// In place of what is handed on. With two candidates the compiler weighs their bounds before it takes one, and so
/// takes none where the demand is not met.
#[derive(Debug)]
pub struct Refused;

macro_rules! demand {
    ($(#[$attribute:meta])* $demand:ident, [$($bounds:tt)*]) => {
        $(#[$attribute])*
        pub trait $demand<T, K> {
            #[doc(hidden)]
            fn hand(handed: T) -> K;
        }
        impl<V: $($bounds)*, T: Handed> $demand<T, T> for V {
            #[inline]
            fn hand(handed: T) -> T {
                handed
            }
        }
        impl<V: Impossible, T> $demand<T, Refused> for V {
            fn hand(_handed: T) -> Refused {
                Refused
            }
        }
    };
}

demand!(
    /// It can be handed out as clones.
    #[diagnostic::on_unimplemented(
        message = "a `{Self}` cannot be cached, because it is not `Clone`",
        label = "each hit returns a clone",
        note = "derive `Clone` for it, or return an `Arc` of it"
    )]
    Keepable, [Clone + 'static]
);

demand!(
    /// Threads can share it.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be kept in a cache that threads share",
        label = "not both `Send` and `Sync`",
        note = "write `#[cache(thread_local)]` for a cache on each thread, which shares nothing"
    )]
    Shareable, [Send + Sync]
);

demand!(
    /// A store can keep it.
    #[diagnostic::on_unimplemented(
        message = "a `{Self}` cannot be kept in a store",
        label = "not both `Serialize` and `DeserializeOwned`",
        note = "derive `serde::Serialize` and `serde::Deserialize` for it, or keep it in memory alone: \
                `backend = \"memory://\"`"
    )]
    Storable, [Serialize + DeserializeOwned]
);

demand!(
    /// A store can keep it as a part of a key.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be part of a stored key",
        label = "not `Serialize`",
        note = "derive `serde::Serialize` for it, leave the argument out with `ignore = [..]`, or say what identifies \
                a call with `key = (..)`"
    )]
    StorableKey, [Serialize]
);

demand!(
    /// A cache can wipe its copy of it.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be wiped, so it cannot be secret",
        label = "not `cacher::Wipe`",
        note = "implement `cacher::Wipe` for it, or pass a string, bytes, a path, a number, or an option, a vector or a \
                tuple of them, which have it"
    )]
    Wipeable, [Wipe]
);

/// It can be given to one body after another.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` can't be given to more than one body, because it is not `Clone`",
    label = "the body of a batch may run more than once",
    note = "take a reference, or derive `Clone` for it"
)]
pub trait Lasting<K> {
    #[doc(hidden)]
    fn again(&self) -> K;
}

impl<V: Clone> Lasting<V> for V {
    fn again(&self) -> V {
        self.clone()
    }
}

impl<V: Impossible> Lasting<Refused> for V {
    fn again(&self) -> Refused {
        Refused
    }
}

/// An argument, for one more body.
#[inline]
pub fn again<V: Lasting<K>, K>(argument: &V) -> K {
    argument.again()
}

/// What has no code in the eyes of `version = code`.
#[diagnostic::on_unimplemented(
    message = "this function has no `#[cache]`, so its code is not known",
    label = "not annotated",
    note = "write `#[cache]` on it, without `companions = false`; or leave it out of `depends`, and write \
            `version = \"..\"` in place of `version = code`"
)]
pub trait Annotated {}

/// A part, where it must tell one call from another.
#[inline]
pub fn key_part<P: Identifying>(part: P) -> P::Known {
    part.known()
}

/// A part, where threads share it.
#[inline]
pub fn shared_part<P: KeyPart<Owned: Shareable<P, K>>, K>(part: P) -> K {
    <P::Owned as Shareable<_, K>>::hand(part)
}

/// A part, where a store keeps it.
#[inline]
pub fn stored_part<P: KeyPart<Owned: StorableKey<P, K>>, K>(part: P) -> K {
    <P::Owned as StorableKey<_, K>>::hand(part)
}

/// A part that is secret.
#[inline]
pub fn secret_part<P: KeyPart<Owned: Wipeable<Secret<P>, K>>, K>(part: P) -> K {
    <P::Owned as Wipeable<_, K>>::hand(Secret(part))
}

/// How a value is held, where it is handed out as clones.
#[inline]
#[must_use]
pub fn kept<H: Holder<Held: Keepable<As<H>, K>>, K>(held: As<H>) -> K {
    <H::Held as Keepable<_, K>>::hand(held)
}

/// How a value is held, where threads share it.
#[inline]
#[must_use]
pub fn shared<H: Held<Value: Shareable<As<H>, K>>, K>(held: As<H>) -> K {
    <H::Value as Shareable<_, K>>::hand(held)
}

/// The codec of a value, where a store keeps it.
#[inline]
#[must_use]
pub fn stored<H: Held<Value: Storable<Stored, K>>, K>(_held: As<H>) -> K {
    <H::Value as Storable<_, K>>::hand(Stored)
}

/// How a return type is read that is not a `Result`.
#[inline]
pub fn plain<A: ValueOnly>(_answer: A) -> Plain {
    Plain
}

/// A field for the caches of an instance.
#[inline]
#[must_use]
pub fn site(site: &Site) -> &Site {
    site
}
