use super::{CallKey, Keyer};

/// The default: 64 hexadecimal digits, BLAKE3 of [`CallKey::identity`].
///
/// ```
/// use cacher_core::keyer::{Hash, check};
///
/// assert!(check(&Hash, &["n"], 0..1000_u64).is_ok());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Hash;

impl Hash {
    /// A hash function of your own, which makes a name of [`CallKey::identity`]. Calls that it gives the same name take
    /// each other's place in the store; none gets the value of another.
    ///
    /// ```
    /// use cacher_core::keyer::Hash;
    ///
    /// # let hash = |_: &[u8]| 7_u64;
    /// let keyer = Hash::with(move |identity| format!("{:016x}", hash(identity)));
    /// # assert!(cacher_core::keyer::check(&keyer, &["n"], [1, 2]).is_err());
    /// ```
    pub fn with<F: Fn(&[u8]) -> String + Send + Sync + 'static>(hash: F) -> HashWith<F> {
        HashWith(hash)
    }
}

impl Keyer for Hash {
    fn name(&self, call: &CallKey<'_>) -> String {
        blake3::hash(call.identity()).to_hex().as_str().to_owned()
    }
}

/// The keyer that [`Hash::with`] makes.
#[derive(Clone, Copy)]
pub struct HashWith<F>(F);

impl<F> std::fmt::Debug for HashWith<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HashWith")
    }
}

impl<F: Fn(&[u8]) -> String + Send + Sync + 'static> Keyer for HashWith<F> {
    fn name(&self, call: &CallKey<'_>) -> String {
        (self.0)(call.identity())
    }
}
