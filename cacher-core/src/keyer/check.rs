use std::{collections::HashMap, error::Error, fmt};

use serde::Serialize;

use super::{CallKey, Keyer};
use crate::key::encode::encode;

/// Two samples that a keyer gives the same name, or names that differ only in the case of their letters.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Collision {
    /// The place of the first sample.
    pub first: usize,
    /// The place of the second.
    pub second: usize,
    /// The name of the second.
    pub name: String,
}

impl fmt::Display for Collision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, second, name } = self;
        write!(f, "samples {first} and {second} are different calls, and both are stored as `{name}`")
    }
}

impl Error for Collision {}

/// Checks that a keyer gives different calls different names: for a test of a keyer of your own.
///
/// `arguments` are the names of the arguments, and each sample is a tuple of their values; a function of one argument
/// takes the values themselves. Equal samples may have equal names. A sample that can't be encoded is never stored, and
/// is passed over.
///
/// # Errors
/// [`Collision`], with the places of two samples.
///
/// ```
/// use cacher_core::keyer::{self, Readable, from_fn};
///
/// let samples = [("a", 1), ("b", 1)];
/// assert!(keyer::check(&Readable::new(), &["text", "page"], samples).is_ok());
///
/// let by_page = from_fn(|call| call.argument("page").map_or(String::new(), |page| page.to_string()));
/// let collision = keyer::check(&by_page, &["text", "page"], samples).unwrap_err();
/// assert_eq!(collision.to_string(), "samples 0 and 1 are different calls, and both are stored as `1`");
/// ```
pub fn check<K: Keyer + ?Sized, S: Serialize>(
    keyer: &K,
    arguments: &[&str],
    samples: impl IntoIterator<Item = S>,
) -> Result<(), Collision> {
    let mut seen: HashMap<String, (usize, Vec<u8>)> = HashMap::new();
    for (second, sample) in samples.into_iter().enumerate() {
        let identity = if arguments.len() == 1 { encode(&(sample,)) } else { encode(&sample) };
        let Ok(identity) = identity else { continue };
        let name = keyer.name(&CallKey::new("sample", arguments, &identity));
        match seen.get(&name.to_lowercase()) {
            Some((first, other)) if *other != identity => return Err(Collision { first: *first, second, name }),
            Some(_) => {}
            None => _ = seen.insert(name.to_lowercase(), (second, identity)),
        }
    }
    Ok(())
}
