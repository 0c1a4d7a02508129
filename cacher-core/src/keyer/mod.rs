//! How a call is called in a store: the name of its file, or of its key.
//!
//! | `keyer = ` | a name |
//! |---|---|
//! | [`hash`](struct@Hash), the default | `6bd9..e1`, 64 digits |
//! | [`readable`](Readable) | `posts_user_id=1_sort=asc` |
//! | an expression that makes a [`Keyer`], or a closure | yours |
//!
//! In directories `file_name = |call| ..` says the whole path. Whatever a keyer does, no call gets the value of
//! another: an entry carries all that identifies its call, and an entry of another call is a miss.

mod call_key;
mod check;
mod file_name;
mod hash;
mod readable;
mod text;

use std::fmt;

pub use call_key::{Argument, Arguments, CallKey, Value};
pub use check::{Collision, check};
pub(crate) use file_name::FileName;
pub use hash::{Hash, HashWith};
pub use readable::Readable;

pub use crate::key::encode::encode;
use crate::sync::Arc;

/// Names calls, for stores.
///
/// # What the caller guarantees
/// It is made once, when the function is first called. It is asked on the way to a store only: before it is read, and
/// before it is written to or removed from; from any thread, and with no lock held.
///
/// # What an implementor must do
/// * Equal calls have equal names, in every process that uses the store: nothing random, no time, no address.
/// * Different calls have different names, which [`check`] tests. Where they don't, their entries take each other's
///   place, and each finds the other's a miss, which is counted and reported.
///
/// The name may be of any characters and any length: each store makes it safe for itself. The store of files uses a
/// name as it is if it consists of lower-case letters, digits and `_=.-!%+,()[]{}'@`, has at most 180 bytes and no dot
/// in front; with `/` between such names the file is in a directory. It replaces others by a hash.
///
/// # Errors
/// A panic is a fault: it is counted and reported, and the call goes on as if there were no store. So does an
/// `invalidate`, which leaves the stored entry where it is.
///
/// # Example
/// ```
/// use cacher_core::keyer::{self, CallKey, Hash, Keyer};
///
/// /// `posts-6bd9..e1`
/// struct WithFunction;
///
/// impl Keyer for WithFunction {
///     fn name(&self, call: &CallKey<'_>) -> String {
///         format!("{}-{}", call.function(), Hash.name(call))
///     }
/// }
///
/// assert!(keyer::check(&WithFunction, &["user_id", "sort"], [(1, "asc"), (1, "desc")]).is_ok());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a keyer",
    label = "expected something that implements `cacher::keyer::Keyer`",
    note = "write `keyer = hash`, `keyer = readable`, a closure of the call, as in `keyer = |call| ..`, or an expression \
            that makes a keyer"
)]
pub trait Keyer: Send + Sync + 'static {
    /// The name of a call.
    fn name(&self, call: &CallKey<'_>) -> String;
}

impl fmt::Debug for dyn Keyer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyer")
    }
}

impl<K: Keyer + ?Sized> Keyer for Arc<K> {
    fn name(&self, call: &CallKey<'_>) -> String {
        (**self).name(call)
    }
}

impl<K: Keyer + ?Sized> Keyer for &'static K {
    fn name(&self, call: &CallKey<'_>) -> String {
        (**self).name(call)
    }
}

/// What a closure of a keyer returns: a `String` or a `&'static str`.
#[diagnostic::on_unimplemented(
    message = "a name is a text, not `{Self}`",
    label = "expected to return a `String`",
    note = "make one of it with `to_string()` or `format!(..)`"
)]
pub trait Text: 'static {
    /// The text.
    fn into_text(self) -> String;
}

impl Text for String {
    fn into_text(self) -> String {
        self
    }
}

impl Text for &'static str {
    fn into_text(self) -> String {
        self.to_owned()
    }
}

/// The keyer that a closure is.
pub fn from_fn<F: Fn(&CallKey<'_>) -> S + Send + Sync + 'static, S: Text>(name: F) -> impl Keyer {
    FromFn(name)
}

struct FromFn<F>(F);

impl<F: Fn(&CallKey<'_>) -> S + Send + Sync + 'static, S: Text> Keyer for FromFn<F> {
    fn name(&self, call: &CallKey<'_>) -> String {
        (self.0)(call).into_text()
    }
}
