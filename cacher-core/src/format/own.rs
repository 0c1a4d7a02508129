//! What makes bytes of values, by the user.

use serde::de::DeserializeOwned;

use super::damaged;
use crate::error::Result;

pub use erased_serde;

/// Makes bytes of values and values of bytes: any format that serde knows.
///
/// # What an implementor must do
/// `decode` hands `read` a deserializer that gives back what was given to `encode`, or fails. It fails for bytes that
/// `encode` does not make where it can tell, those behind the value included, and keeps within bounds whatever it is
/// given, in size and in depth: who can write to a store chooses its bytes.
///
/// # Errors
/// Of `encode`: the value is returned and not stored, and that is reported. Of `decode`: a miss, counted and reported,
/// best of [`Kind::Damaged`](crate::error::Kind::Damaged). A panic is taken for an error.
///
/// # Example
/// ```
/// use cacher_core::{
///     error::{Error, Kind, Result},
///     format::{Format, ValueFormat, erased_serde::{Deserializer, Serialize}},
/// };
///
/// /// JSON with spaces.
/// struct Pretty;
///
/// fn wrong(error: impl std::error::Error + Send + Sync + 'static) -> Error {
///     Error::new(Kind::Damaged, "this is no JSON").caused_by(error)
/// }
///
/// impl ValueFormat for Pretty {
///     fn name(&self) -> &'static str { "pretty" }
///     fn encode(&self, value: &dyn Serialize) -> Result<Vec<u8>> {
///         serde_json::to_vec_pretty(value).map_err(wrong)
///     }
///     fn decode(&self, bytes: &[u8], read: &mut dyn FnMut(&mut dyn Deserializer<'_>) -> Result<()>) -> Result<()> {
///         let mut json = serde_json::Deserializer::from_slice(bytes);
///         read(&mut <dyn Deserializer<'_>>::erase(&mut json))?;
///         json.end().map_err(wrong)
///     }
/// }
///
/// let pretty = Format::of(Pretty);
/// assert_eq!(pretty.encode(&[1])?, b"[\n  1\n]");
/// assert_eq!(pretty.decode::<Vec<u8>>(b"[ 1 ]")?, [1]);
/// assert_eq!(pretty.decode::<Vec<u8>>(b"[1] x").unwrap_err().kind(), Kind::Damaged);
/// # Ok::<(), Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a format of values",
    label = "expected something that implements `cacher::format::ValueFormat`"
)]
pub trait ValueFormat: Send + Sync + 'static {
    /// What the format is called: lower-case letters, digits and `_`. Entries of another name are not read.
    fn name(&self) -> &'static str;

    /// The bytes of a value.
    ///
    /// # Errors
    /// Where it would not come back as it is.
    fn encode(&self, value: &dyn erased_serde::Serialize) -> Result<Vec<u8>>;

    /// Hands `read` what the value is read from, once.
    ///
    /// # Errors
    /// That of `read`, or where `bytes` are not what [`encode`](Self::encode) makes.
    fn decode(
        &self,
        bytes: &[u8],
        read: &mut dyn FnMut(&mut dyn erased_serde::Deserializer<'_>) -> Result<()>,
    ) -> Result<()>;
}

pub(super) fn decode<T: DeserializeOwned>(own: &dyn ValueFormat, bytes: &[u8]) -> Result<T> {
    let mut value = None;
    own.decode(bytes, &mut |deserializer| {
        let read = erased_serde::deserialize(deserializer);
        value = Some(read.map_err(|error| damaged("the value can't be read").caused_by(error))?);
        Ok(())
    })?;
    value.ok_or_else(|| damaged("nothing was read"))
}
