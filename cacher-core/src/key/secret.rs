//! A secret argument: compared in full in memory, wiped on the way out, and a keyed hash anywhere else.

use std::{ffi::OsString, fmt, hash::Hasher, mem, path::PathBuf};

use serde::{Serialize, Serializer, ser::Error as _};
use zeroize::{Zeroize, Zeroizing};

use super::{arg::Bits, encode::encode, part::KeyPart};
use crate::{hex, secret};

/// What can be overwritten before its memory is given back: the copy that a cache keeps of a secret argument.
///
/// For a type of your own, wipe each field that holds a part of the secret:
///
/// ```
/// # use cacher_core::key::secret::Wipe;
/// #[derive(Clone, PartialEq, Eq, Hash)]
/// struct ApiKey {
///     realm: &'static str,
///     text: String,
/// }
///
/// impl Wipe for ApiKey {
///     fn wipe(&mut self) {
///         self.text.wipe();
///     }
/// }
/// ```
pub trait Wipe {
    /// Overwrites what is secret, in place. It is dropped next.
    fn wipe(&mut self);
}

macro_rules! by_zeroize {
    ($($type:ty),*) => { $(
        impl Wipe for $type {
            fn wipe(&mut self) {
                self.zeroize();
            }
        }
    )* };
}

by_zeroize!(String, Box<str>, (), bool, char, f32, f64);
by_zeroize!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize);

impl Wipe for OsString {
    fn wipe(&mut self) {
        mem::take(self).into_encoded_bytes().zeroize();
    }
}

impl Wipe for PathBuf {
    fn wipe(&mut self) {
        mem::take(self).into_os_string().wipe();
    }
}

impl<T: Wipe + ?Sized> Wipe for Box<T> {
    fn wipe(&mut self) {
        (**self).wipe();
    }
}

impl<T: Wipe> Wipe for [T] {
    fn wipe(&mut self) {
        self.iter_mut().for_each(Wipe::wipe);
    }
}

impl<T: Wipe, const N: usize> Wipe for [T; N] {
    fn wipe(&mut self) {
        self[..].wipe();
    }
}

impl<T: Wipe> Wipe for Vec<T> {
    fn wipe(&mut self) {
        self[..].wipe();
    }
}

impl<T: Wipe> Wipe for Option<T> {
    fn wipe(&mut self) {
        if let Some(some) = self {
            some.wipe();
        }
    }
}

impl<T: Wipe> Wipe for Bits<T> {
    fn wipe(&mut self) {
        self.0.wipe();
    }
}

macro_rules! tuple {
    ($($name:ident $index:tt),+) => {
        impl<$($name: Wipe),+> Wipe for ($($name,)+) {
            fn wipe(&mut self) {
                $(self.$index.wipe();)+
            }
        }
    };
}

tuple!(A 0);
tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
tuple!(A 0, B 1, C 2, D 3, E 4);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5);

/// A part of a key that is secret.
pub struct Secret<P>(pub(crate) P);

/// What is kept of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Kept<T: Wipe>(T);

impl<P: KeyPart<Owned: Wipe>> KeyPart for Secret<P> {
    type Owned = Kept<P::Owned>;
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
    #[inline]
    fn is(&self, owned: &Self::Owned) -> bool {
        self.0.is(&owned.0)
    }
    fn own(&self) -> Self::Owned {
        Kept(self.0.own())
    }
}

impl<T: Wipe> Drop for Kept<T> {
    fn drop(&mut self) {
        self.0.wipe();
    }
}

/// A keyed hash of the encoding. No error says what the secret's own `Serialize` does: it may quote the secret.
impl<T: Wipe + Serialize> Serialize for Kept<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = encode(&self.0).map(Zeroizing::new);
        let bytes = bytes.map_err(|_| S::Error::custom("a secret argument can't be encoded"))?;
        let hash = secret::hash(&bytes).map_err(S::Error::custom)?;
        serializer.serialize_newtype_struct("cacher::Secret", &hex::to_hex(hash.as_bytes()))
    }
}

impl<P> fmt::Debug for Secret<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl<T: Wipe> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}
