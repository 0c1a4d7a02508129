//! The key under which secret arguments are hashed wherever they leave memory.

use std::env;

use zeroize::{Zeroize, Zeroizing};

use crate::{
    error::{Error, Kind, Result},
    hex,
    sync::OnceLock,
};

const VARIABLE: &str = "CACHER_SECRET_KEY";

/// What is said where a secret argument should be stored and no key is set.
pub(crate) const NO_KEY: &str = "no secret key is set: call `cacher::set_secret_key` or set `CACHER_SECRET_KEY`";
/// The same, where the variable is set, to something else.
pub(crate) const WRONG_KEY: &str = "no secret key is set: `CACHER_SECRET_KEY` is not 64 hexadecimal digits";

/// What BLAKE3 is keyed with: derived, so that the same key can serve for other things.
type HashKey = Zeroizing<[u8; 32]>;

static IN_FORCE: OnceLock<HashKey> = OnceLock::new();

/// Sets the key under which secret arguments are hashed in stored keys: 32 bytes that nobody can guess.
///
/// Without a call of this the environment variable `CACHER_SECRET_KEY` is read when the first secret is to be hashed:
/// 64 hexadecimal digits. Without either, calls with secret arguments are cached in memory only, and that is
/// reported as a fault of their caches. Under another key the entries of such calls are not found.
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
    let derived = derive(Zeroizing::new(key));
    let in_force = IN_FORCE.get_or_init(|| derived.clone());
    if **in_force == *derived {
        return Ok(());
    }
    Err(Error::new(Kind::Invalid, "another secret key is in force: set it once, before the first call with a secret"))
}

/// A hash that nobody can compute, or try secrets on, without the key; or why there is none.
pub(crate) fn hash(bytes: &[u8]) -> Result<blake3::Hash, &'static str> {
    Ok(blake3::keyed_hash(in_force()?, bytes))
}

/// Whether there is a key, or why not. Puts none in force.
pub(crate) fn is_set() -> Result<(), &'static str> {
    if IN_FORCE.get().is_some() { Ok(()) } else { from_environment().map(drop) }
}

fn in_force() -> Result<&'static HashKey, &'static str> {
    if let Some(key) = IN_FORCE.get() {
        return Ok(key);
    }
    let key = from_environment()?;
    Ok(IN_FORCE.get_or_init(|| key.clone()))
}

#[expect(clippy::needless_pass_by_value, reason = "wiped here")]
fn derive(key: Zeroizing<[u8; 32]>) -> HashKey {
    Zeroizing::new(blake3::derive_key("cacher 2026 secret arguments v1", &*key))
}

/// The key that the environment holds, read once.
fn from_environment() -> Result<&'static HashKey, &'static str> {
    static READ: OnceLock<Result<HashKey, &'static str>> = OnceLock::new();
    let read = READ.get_or_init(|| match env::var_os(VARIABLE) {
        None => Err(NO_KEY),
        Some(text) => parse(text.into_encoded_bytes()).map(derive).ok_or(WRONG_KEY),
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
