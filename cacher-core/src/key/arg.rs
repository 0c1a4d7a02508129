//! Argument types of std whose identity is known by their structure, down to floats.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    ffi::{OsStr, OsString},
    hash::{BuildHasher, Hash, Hasher},
    path::{Path, PathBuf},
    rc::Rc,
    sync::Arc,
};

use serde::{Serialize, Serializer};

use super::encode::AsSet;

/// An argument that can be hashed and compared where it stands, and owned when it must be kept.
///
/// Equal arguments hash alike, and `is(owned)` holds exactly for what [`own`](Self::own) made of an equal argument.
/// Floats are equal if their bits are: `-0.0` is not `0.0`, and a NaN equals itself.
pub trait Arg {
    /// What is kept.
    type Owned: Eq + Clone + 'static;

    /// Feeds the argument to a hasher.
    fn hash<H: Hasher>(&self, state: &mut H);

    /// Whether `owned` was made of an equal argument.
    fn is(&self, owned: &Self::Owned) -> bool;

    /// A copy to keep.
    fn own(&self) -> Self::Owned;
}

/// A float as part of a key: equal by its bits, and stored as the float that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bits<T>(pub(super) T);

impl Serialize for Bits<u32> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f32(f32::from_bits(self.0))
    }
}

impl Serialize for Bits<u64> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from_bits(self.0))
    }
}

/// A hash set as part of a key: stored sorted.
#[derive(Clone, Debug)]
pub struct SetOf<T, S>(HashSet<T, S>);

impl<T: Eq + Hash, S: BuildHasher> PartialEq for SetOf<T, S> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T: Eq + Hash, S: BuildHasher> Eq for SetOf<T, S> {}

impl<T: Serialize, S> Serialize for SetOf<T, S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        AsSet(&self.0).serialize(serializer)
    }
}

/// Types that are their own owned form.
macro_rules! plain {
    ($($type:ty),*) => { $(
        impl Arg for $type {
            type Owned = $type;
            #[inline]
            fn hash<H: Hasher>(&self, state: &mut H) {
                Hash::hash(self, state);
            }
            #[inline]
            fn is(&self, owned: &$type) -> bool {
                self == owned
            }
            #[inline]
            fn own(&self) -> $type {
                self.clone()
            }
        }
    )* };
}

plain!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, bool, char, (), String, PathBuf, OsString);

/// Unsized types with an owned twin.
macro_rules! borrowed {
    ($($type:ty => $owned:ty),*) => { $(
        impl Arg for $type {
            type Owned = $owned;
            #[inline]
            fn hash<H: Hasher>(&self, state: &mut H) {
                Hash::hash(self, state);
            }
            #[inline]
            fn is(&self, owned: &$owned) -> bool {
                *self == **owned
            }
            #[inline]
            fn own(&self) -> $owned {
                self.to_owned()
            }
        }
    )* };
}

borrowed!(str => String, Path => PathBuf, OsStr => OsString);

macro_rules! float {
    ($($type:ty => $bits:ty),*) => { $(
        impl Arg for $type {
            type Owned = Bits<$bits>;
            #[inline]
            fn hash<H: Hasher>(&self, state: &mut H) {
                Hash::hash(&self.to_bits(), state);
            }
            #[inline]
            fn is(&self, owned: &Bits<$bits>) -> bool {
                self.to_bits() == owned.0
            }
            #[inline]
            fn own(&self) -> Bits<$bits> {
                Bits(self.to_bits())
            }
        }
    )* };
}

float!(f32 => u32, f64 => u64);

/// Pointers are transparent.
macro_rules! pointer {
    ($($type:ty),*) => { $(
        impl<T: Arg + ?Sized> Arg for $type {
            type Owned = T::Owned;
            #[inline]
            fn hash<H: Hasher>(&self, state: &mut H) {
                (**self).hash(state);
            }
            #[inline]
            fn is(&self, owned: &T::Owned) -> bool {
                (**self).is(owned)
            }
            #[inline]
            fn own(&self) -> T::Owned {
                (**self).own()
            }
        }
    )* };
}

pointer!(&T, Box<T>, Rc<T>, Arc<T>);

impl<T: Arg + ToOwned + ?Sized> Arg for Cow<'_, T> {
    type Owned = <T as Arg>::Owned;
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
    fn is(&self, owned: &<T as Arg>::Owned) -> bool {
        (**self).is(owned)
    }
    fn own(&self) -> <T as Arg>::Owned {
        Arg::own(&**self)
    }
}

impl<T: Arg> Arg for Option<T> {
    type Owned = Option<T::Owned>;
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u8(u8::from(self.is_some()));
        if let Some(some) = self {
            some.hash(state);
        }
    }
    fn is(&self, owned: &Self::Owned) -> bool {
        match (self, owned) {
            (Some(some), Some(owned)) => some.is(owned),
            (None, None) => true,
            _ => false,
        }
    }
    fn own(&self) -> Self::Owned {
        self.as_ref().map(Arg::own)
    }
}

impl<T: Arg> Arg for [T] {
    type Owned = Vec<T::Owned>;
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        for item in self {
            item.hash(state);
        }
    }
    fn is(&self, owned: &Self::Owned) -> bool {
        self.len() == owned.len() && self.iter().zip(owned).all(|(item, owned)| item.is(owned))
    }
    fn own(&self) -> Self::Owned {
        self.iter().map(Arg::own).collect()
    }
}

/// Sequences are slices.
macro_rules! sequence {
    ($([$($generic:tt)*] $type:ty),*) => { $(
        impl<T: Arg, $($generic)*> Arg for $type {
            type Owned = Vec<T::Owned>;
            fn hash<H: Hasher>(&self, state: &mut H) {
                self[..].hash(state);
            }
            fn is(&self, owned: &Self::Owned) -> bool {
                self[..].is(owned)
            }
            fn own(&self) -> Self::Owned {
                self[..].own()
            }
        }
    )* };
}

sequence!([] Vec<T>, [const N: usize] [T; N]);

/// The sum of the hashes of what has no order.
fn hash_unordered<T: Hash, H: Hasher>(items: impl ExactSizeIterator<Item = T>, state: &mut H) {
    let builder = foldhash::fast::FixedState::default();
    state.write_usize(items.len());
    state.write_u64(items.fold(0, |sum: u64, item| sum.wrapping_add(builder.hash_one(item))));
}

impl<K, V, S> Arg for HashMap<K, V, S>
where
    K: Hash + Eq + Clone + 'static,
    V: Hash + Eq + Clone + 'static,
    S: BuildHasher + Clone + 'static,
{
    type Owned = Self;
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_unordered(self.iter(), state);
    }
    fn is(&self, owned: &Self) -> bool {
        self == owned
    }
    fn own(&self) -> Self {
        self.clone()
    }
}

impl<T, S> Arg for HashSet<T, S>
where
    T: Hash + Eq + Clone + 'static,
    S: BuildHasher + Clone + 'static,
{
    type Owned = SetOf<T, S>;
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_unordered(self.iter(), state);
    }
    fn is(&self, owned: &Self::Owned) -> bool {
        *self == owned.0
    }
    fn own(&self) -> Self::Owned {
        SetOf(self.clone())
    }
}

macro_rules! tuple {
    ($($name:ident $index:tt),+) => {
        impl<$($name: Arg),+> Arg for ($($name,)+) {
            type Owned = ($($name::Owned,)+);
            fn hash<Z: Hasher>(&self, state: &mut Z) {
                $(self.$index.hash(state);)+
            }
            fn is(&self, owned: &Self::Owned) -> bool {
                $(self.$index.is(&owned.$index))&&+
            }
            fn own(&self) -> Self::Owned {
                ($(self.$index.own(),)+)
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
