//! What is done with the bytes of a value.

use std::fmt;

use crate::{entry::Times, error::Result};

/// Changes the bytes of a value on their way into a store, and back: a compressor, a cipher.
///
/// # What the caller guarantees
/// `undo` is called with the context that `apply` was, or else another entry has come in the place of this one.
/// No lock is held.
///
/// # What an implementor must do
/// `undo` gives exactly what was given to `apply`, or fails. It fails for any other bytes where it can tell, and keeps
/// within bounds whatever it is given: who can write to a store chooses its bytes.
///
/// # Errors
/// Of `apply`: the value is returned and not stored, and that is reported. Of `undo`: a miss, counted and reported,
/// best of [`Kind::Damaged`](crate::error::Kind::Damaged). A panic is taken for an error.
///
/// See [`Format::then`](super::Format::then) for an example.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a filter",
    label = "expected something that implements `cacher::format::Filter`"
)]
pub trait Filter: Send + Sync + 'static {
    /// What the format is called for it: lower-case letters, digits and `_`. Entries of another name are not read.
    fn name(&self) -> &'static str;

    /// Does it.
    ///
    /// # Errors
    /// Where it can't be done.
    fn apply(&self, bytes: Vec<u8>, context: &Context<'_>) -> Result<Vec<u8>>;

    /// Undoes it.
    ///
    /// # Errors
    /// Where `bytes` are not what [`apply`](Self::apply) makes.
    fn undo(&self, bytes: &[u8], context: &Context<'_>) -> Result<Vec<u8>>;

    /// Whether what it makes can't be read without a secret, and tells one call from another by the context. Then the
    /// store shows nothing of a call: the entry has no arguments and no key, and a keyed hash for a name. It takes a
    /// secret key (see [`set_secret_key`](crate::secret::set_secret_key)).
    fn conceals(&self) -> bool {
        false
    }
}

impl fmt::Debug for dyn Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the entry is that the bytes are of. By default that of no cache: all is empty.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Context<'a> {
    /// The name of the whole format.
    pub format: &'a str,
    /// The function.
    pub namespace: &'a str,
    /// The call: its identity arguments, encoded in full.
    pub key: &'a [u8],
    /// The times that the entry has.
    pub times: Option<&'a Times>,
}

impl<'a> Context<'a> {
    /// That of an entry; the format adds its name.
    pub(crate) fn of(namespace: &'a str, key: &'a [u8], times: &'a Times) -> Self {
        Self { format: "", namespace, key, times: Some(times) }
    }
}
