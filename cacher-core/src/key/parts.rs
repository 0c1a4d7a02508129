//! All identity arguments of a call: borrowed for the lookup, owned in the table.

use std::hash::{BuildHasher, Hash, Hasher};

use equivalent::Equivalent;
use foldhash::fast::RandomState;
use serde::{Serialize, Serializer, ser::SerializeTuple};

use super::part::KeyPart;
use crate::sync::{OnceLock, global};

/// The identity arguments of a call, borrowed.
pub trait Parts {
    /// What is kept.
    type Owned: Eq + Clone + 'static;
    /// Feeds all to a hasher.
    fn hash<H: Hasher>(&self, state: &mut H);
    /// Whether `owned` was made of equal arguments.
    fn is(&self, owned: &Self::Owned) -> bool;
    /// Copies to keep.
    fn own(&self) -> Self::Owned;
}

/// A tuple of borrowed parts. A call of more than 16 arguments nests them: the tuple is a part itself.
#[derive(Debug)]
pub struct Borrowed<T>(pub T);

/// A tuple of kept parts. The tuples of std compare only up to twelve.
#[derive(Clone, Debug)]
pub struct Owned<T>(pub T);

impl<T> KeyPart for Borrowed<T>
where
    Self: Parts,
{
    type Owned = <Self as Parts>::Owned;
    fn hash<H: Hasher>(&self, state: &mut H) {
        Parts::hash(self, state);
    }
    fn is(&self, owned: &Self::Owned) -> bool {
        Parts::is(self, owned)
    }
    fn own(&self) -> Self::Owned {
        Parts::own(self)
    }
}

macro_rules! arity {
    ($count:literal $(, $name:ident $index:tt)*) => {
        impl<$($name: KeyPart),*> Parts for Borrowed<($($name,)*)> {
            type Owned = Owned<($($name::Owned,)*)>;
            #[inline]
            #[allow(unused_variables)]
            fn hash<ZZ: Hasher>(&self, state: &mut ZZ) {
                $(self.0.$index.hash(state);)*
            }
            #[inline]
            #[allow(unused_variables)]
            fn is(&self, owned: &Self::Owned) -> bool {
                true $(&& self.0.$index.is(&owned.0.$index))*
            }
            #[inline]
            fn own(&self) -> Self::Owned {
                Owned(($(self.0.$index.own(),)*))
            }
        }
        impl<$($name: PartialEq),*> PartialEq for Owned<($($name,)*)> {
            #[inline]
            #[allow(unused_variables)]
            fn eq(&self, other: &Self) -> bool {
                true $(&& self.0.$index == other.0.$index)*
            }
        }
        impl<$($name: Eq),*> Eq for Owned<($($name,)*)> {}
        impl<$($name: Serialize),*> Serialize for Owned<($($name,)*)> {
            fn serialize<ZZ: Serializer>(&self, serializer: ZZ) -> Result<ZZ::Ok, ZZ::Error> {
                #[allow(unused_mut)]
                let mut tuple = serializer.serialize_tuple($count)?;
                $(tuple.serialize_element(&self.0.$index)?;)*
                tuple.end()
            }
        }
    };
}

arity!(0);
arity!(1, A 0);
arity!(2, A 0, B 1);
arity!(3, A 0, B 1, C 2);
arity!(4, A 0, B 1, C 2, D 3);
arity!(5, A 0, B 1, C 2, D 3, E 4);
arity!(6, A 0, B 1, C 2, D 3, E 4, F 5);
arity!(7, A 0, B 1, C 2, D 3, E 4, F 5, G 6);
arity!(8, A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
arity!(9, A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
arity!(10, A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9);
arity!(11, A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10);
arity!(12, A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11);
arity!(13, A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12);
arity!(14, A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13);
arity!(15, A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14);
arity!(16, A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, P 15);

/// Parts as something to hash.
struct Hashing<'a, P>(&'a P);

impl<P: Parts> Hash for Hashing<'_, P> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// A key as it stands in a table, with its hash so that it is computed once.
#[derive(Clone, Debug)]
pub struct Key<O> {
    pub(crate) hash: u64,
    pub(crate) parts: O,
}

/// A key to look up.
#[derive(Debug)]
pub(crate) struct Query<'a, P> {
    pub(crate) hash: u64,
    pub(crate) parts: &'a P,
}

impl<'a, P: Parts> Query<'a, P> {
    /// All caches hash alike, so that a call can be hashed while its cache is being found.
    #[inline]
    pub(crate) fn of(parts: &'a P) -> Self {
        Self { hash: hasher().hash_one(Hashing(parts)), parts }
    }
}

impl<O> Key<O> {
    /// The key of a call.
    pub(crate) fn of<P: Parts<Owned = O>>(parts: &P) -> Self {
        Self { hash: Query::of(parts).hash, parts: parts.own() }
    }
}

/// A part as something to hash.
struct HashingPart<'a, P>(&'a P);

impl<P: KeyPart> Hash for HashingPart<'_, P> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// A number that equal parts have in common in this process.
pub(crate) fn hash_of_part<P: KeyPart>(part: &P) -> u64 {
    hasher().hash_one(HashingPart(part))
}

/// A number that equal values have in common, in all processes of a build.
pub(crate) fn shared_hash_of<T: Hash + ?Sized>(value: &T) -> u64 {
    let mut shared = Shared(blake3::Hasher::new());
    value.hash(&mut shared);
    shared.finish()
}

/// Hashes without a seed, which each process would choose for itself.
struct Shared(blake3::Hasher);

impl Hasher for Shared {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let hash = self.0.finalize();
        let (first, _) = hash.as_bytes().split_first_chunk().unwrap_or_else(|| unreachable!("a hash has 32 bytes"));
        u64::from_le_bytes(*first)
    }
}

#[inline]
fn hasher() -> &'static RandomState {
    global! {
        static HASHER: OnceLock<RandomState> = OnceLock::new();
    }
    HASHER.get().unwrap_or_else(
        #[cold]
        || HASHER.get_or_init(RandomState::default),
    )
}

/// Any key with this hash.
#[derive(Debug)]
pub(crate) struct ByHash(pub(crate) u64);

macro_rules! hash_is_known {
    ([$($generic:tt)*] $type:ty, $hash:tt) => {
        impl<$($generic)*> Hash for $type {
            #[inline]
            fn hash<H: Hasher>(&self, state: &mut H) {
                state.write_u64(self.$hash);
            }
        }
    };
}

hash_is_known!([O] Key<O>, hash);
hash_is_known!([P] Query<'_, P>, hash);
hash_is_known!([] ByHash, 0);

impl<O: Eq> PartialEq for Key<O> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.parts == other.parts
    }
}

impl<O: Eq> Eq for Key<O> {}

impl<P: Parts> Equivalent<Key<P::Owned>> for Query<'_, P> {
    #[inline]
    fn equivalent(&self, key: &Key<P::Owned>) -> bool {
        self.hash == key.hash && self.parts.is(&key.parts)
    }
}

impl<O> Equivalent<Key<O>> for ByHash {
    fn equivalent(&self, key: &Key<O>) -> bool {
        self.0 == key.hash
    }
}
