//! What a stored type is made of: so that an entry of another make is not taken for one of this.
//!
//! Formats without field names, such as `postcard`, would read the bytes of a type that has changed as something else.
//! A type that derives [`Schema`] has a [`Fingerprint`], which is written into its entries; an entry with another one
//! is a miss, counted and reported. Whoever has none, type or entry, is not compared.

use std::{any::TypeId, fmt};

mod probe;
mod types;

pub use probe::{Described, Probe, Undescribed};

/// A type that says what it is made of. To be derived: `#[derive(cacher::Schema)]`.
///
/// What counts is the order, the names and the types of fields, those of variants, and `#[serde(..)]` attributes; the
/// name of the type does not. A field of a type that has no schema counts by the name of that type, as it is written.
///
/// ```
/// use cacher_core::schema::{Fingerprint, Outline, Schema};
///
/// /// Kept as its number.
/// struct Meters(f64);
///
/// impl Schema for Meters {
///     fn describe(outline: &mut Outline) {
///         f64::describe(outline);
///     }
/// }
/// assert_eq!(Fingerprint::of::<Meters>(), Fingerprint::of::<f64>());
/// assert_ne!(Fingerprint::of::<Meters>(), Fingerprint::of::<Option<f64>>());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what it is made of",
    label = "not `cacher::Schema`",
    note = "derive `cacher::Schema` for it"
)]
pub trait Schema: 'static {
    /// Says it, always in the same way.
    fn describe(outline: &mut Outline);
}

/// Takes down what a type is made of.
pub struct Outline {
    hash: blake3::Hasher,
    /// In the order in which they were met.
    met: Vec<TypeId>,
}

impl Outline {
    /// Takes down a word, so that words in another order, or joined, are something else.
    pub fn word(&mut self, word: &str) {
        self.hash.update(&(word.len() as u64).to_le_bytes());
        self.hash.update(word.as_bytes());
    }

    /// Takes down a part. A type may contain itself, and is described once.
    pub fn part<T: Schema + ?Sized>(&mut self) {
        let id = TypeId::of::<T>();
        if let Some(before) = self.met.iter().position(|met| *met == id) {
            self.word("as before");
            self.hash.update(&(before as u64).to_le_bytes());
            return;
        }
        self.met.push(id);
        T::describe(self);
    }
}

impl fmt::Debug for Outline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outline").finish_non_exhaustive()
    }
}

/// What tells the make of a type from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub(crate) u64);

impl Fingerprint {
    /// That of a type.
    #[must_use]
    pub fn of<T: Schema + ?Sized>() -> Self {
        let mut outline = Outline { hash: blake3::Hasher::new(), met: Vec::new() };
        outline.part::<T>();
        let mut bytes = [0; 8];
        outline.hash.finalize_xof().fill(&mut bytes);
        Self(u64::from_le_bytes(bytes))
    }
}
