//! The key under which secret arguments are hashed wherever they leave memory, and entries are encrypted.

use std::env;

use zeroize::{Zeroize, Zeroizing};

use crate::{
    error::{Error, Kind, Result},
    hex,
    sync::{Arc, Mutex, OnceLock, global, lock},
};

const VARIABLE: &str = "CACHER_SECRET_KEY";

/// What is said where a secret argument should be stored and no key is set.
pub(crate) const NO_KEY: &str = "no secret key is set: call `cacher::set_secret_key` or set `CACHER_SECRET_KEY`";
/// The same, where the variable is set, to something else.
pub(crate) const WRONG_KEY: &str = "no secret key is set: `CACHER_SECRET_KEY` is not 64 hexadecimal digits";

/// A key for one purpose.
type Key = Zeroizing<[u8; 32]>;

/// How long what tells secret keys apart is.
pub(crate) const ID: usize = 8;

/// What is derived of a secret key, a key for each purpose, so that none says anything of another.
#[cfg_attr(not(feature = "encrypt"), allow(dead_code, reason = "for entries that are encrypted"))]
pub(crate) struct Keys {
    /// Tells one secret key from another, and nothing else of it.
    pub(crate) id: [u8; ID],
    /// What secret arguments are hashed with.
    arguments: Key,
    /// What names of encrypted entries are hashed with.
    names: Key,
    /// What values are encrypted with.
    pub(crate) values: Key,
}

impl Keys {
    #[expect(clippy::needless_pass_by_value, reason = "wiped here")]
    fn derive(key: Zeroizing<[u8; 32]>) -> Arc<Self> {
        let derive = |purpose| Zeroizing::new(blake3::derive_key(purpose, &*key));
        let mut id = [0; ID];
        id.copy_from_slice(&derive("cacher 2026 name of a secret key v1")[..ID]);
        Arc::new(Self {
            id,
            arguments: derive("cacher 2026 secret arguments v1"),
            names: derive("cacher 2026 names of encrypted entries v1"),
            values: derive("cacher 2026 encrypted values v1"),
        })
    }

    /// What an encrypted entry is called in a store.
    pub(crate) fn name(&self, namespace: &str, name: &str) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&self.names);
        hasher.update(&(namespace.len() as u64).to_le_bytes());
        hasher.update(namespace.as_bytes()).update(name.as_bytes());
        hasher.finalize().to_hex().as_str().to_owned()
    }
}

global! {
    static IN_FORCE: OnceLock<Arc<Keys>> = OnceLock::new();
    static EARLIER: Mutex<Vec<Arc<Keys>>> = Mutex::new(Vec::new());
}

/// Sets the key under which secret arguments are hashed in stored keys, and entries are encrypted whose format says
/// `encrypt`: 32 bytes that nobody can guess.
///
/// Without a call of this the environment variable `CACHER_SECRET_KEY` is read when it is first needed: 64 hexadecimal
/// digits. Without either, calls with secret arguments and calls whose entries are encrypted are cached in memory only,
/// and that is reported as a fault of their caches. Under another key the entries of such calls are not found; those
/// that are encrypted are with [`add_decryption_key`].
///
/// The key is in force as long as the process lives. Copies that are made of it on the way are wiped; the variable of the
/// environment stays as it is.
///
/// # Errors
/// [`Kind::Invalid`] if another key is in force, because it was set before or a secret was hashed with that of the
/// environment. That key stays. To set the same key again is no error.
///
/// ```
/// cacher_core::secret::set_secret_key([7; 32])?;
/// assert!(cacher_core::secret::set_secret_key([8; 32]).is_err());
/// # Ok::<(), cacher_core::error::Error>(())
/// ```
pub fn set_secret_key(key: [u8; 32]) -> Result<()> {
    let derived = Keys::derive(Zeroizing::new(key));
    let in_force = IN_FORCE.get_or_init(|| Arc::clone(&derived));
    if in_force.arguments == derived.arguments {
        return Ok(());
    }
    Err(Error::new(Kind::Invalid, "another secret key is in force: set it once, before the first call with a secret"))
}

/// Adds a secret key of earlier: what was encrypted under it is read, and what is written is not.
///
/// To change the secret key, set the new one and add the old one for as long as its entries live. Each lookup that
/// finds nothing under the new key looks once for each old one.
///
/// ```
/// cacher_core::secret::set_secret_key([8; 32])?;
/// cacher_core::secret::add_decryption_key([7; 32]);
/// # Ok::<(), cacher_core::error::Error>(())
/// ```
pub fn add_decryption_key(key: [u8; 32]) {
    let keys = Keys::derive(Zeroizing::new(key));
    let mut earlier = lock(&EARLIER);
    if earlier.iter().all(|known| known.id != keys.id) {
        earlier.push(keys);
    }
}

/// A hash that nobody can compute, or try secrets on, without the key; or why there is none.
pub(crate) fn hash(bytes: &[u8]) -> Result<blake3::Hash, &'static str> {
    Ok(blake3::keyed_hash(&in_force()?.arguments, bytes))
}

/// What is derived of the key in force.
///
/// # Errors
/// [`Kind::Invalid`] if there is none.
pub(crate) fn keys() -> Result<Arc<Keys>> {
    in_force().cloned().map_err(|problem| Error::new(Kind::Invalid, problem))
}

/// The same, and then of the keys of earlier.
pub(crate) fn all() -> Result<Vec<Arc<Keys>>> {
    let keys = keys()?;
    let earlier = lock(&EARLIER).iter().filter(|earlier| earlier.id != keys.id).cloned().collect::<Vec<_>>();
    Ok([keys].into_iter().chain(earlier).collect())
}

/// Whether there is a key, or why not. Puts none in force.
pub(crate) fn is_set() -> Result<(), &'static str> {
    if IN_FORCE.get().is_some() { Ok(()) } else { from_environment().map(drop) }
}

fn in_force() -> Result<&'static Arc<Keys>, &'static str> {
    if let Some(keys) = IN_FORCE.get() {
        return Ok(keys);
    }
    let keys = from_environment()?;
    Ok(IN_FORCE.get_or_init(|| Arc::clone(keys)))
}

/// The key that the environment holds, read once.
fn from_environment() -> Result<&'static Arc<Keys>, &'static str> {
    global! {
        static READ: OnceLock<Result<Arc<Keys>, &'static str>> = OnceLock::new();
    }
    let read = READ.get_or_init(|| match env::var_os(VARIABLE) {
        None => Err(NO_KEY),
        Some(text) => parse(text.into_encoded_bytes()).map(Keys::derive).ok_or(WRONG_KEY),
    });
    read.as_ref().map_err(|problem| *problem)
}

/// The bytes that hexadecimal digits stand for.
fn parse(digits: Vec<u8>) -> Option<Zeroizing<[u8; 32]>> {
    let mut digits = Zeroizing::new(digits);
    digits.make_ascii_lowercase();
    let mut bytes = hex::from_hex(std::str::from_utf8(&digits).ok()?)?;
    let key = <[u8; 32]>::try_from(&*bytes).ok().map(Zeroizing::new);
    bytes.zeroize();
    key
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn keys_are_64_digits() {
        for good in ["0a".repeat(32), "0A".repeat(32)] {
            assert_eq!(parse(good.into_bytes()).map(|key| *key), Some([10; 32]));
        }
        for bad in [String::new(), "0a".repeat(31), "0a".repeat(33), "0g".repeat(32), format!(" {}", "0a".repeat(32))] {
            assert_eq!(parse(bad.clone().into_bytes()), None, "{bad}");
        }
    }
}
