use std::fmt::{self, Write};

use super::{
    Argument, CallKey, Keyer,
    text::{Style, label},
};
use crate::portable::Name;

/// Names that people can read: `posts_user_id=1_sort=asc`.
///
/// The function's name, and for each argument `_name=value`, in the order of declaration. Two calls have two names, on
/// file systems that don't tell upper from lower case too:
///
/// | value | in the name |
/// |---|---|
/// | a text of lower-case letters, digits and `_.-` | as it is |
/// | other letters of a text | `!a` for `A`, `+` for a space, `%2f` for `/`, and so on for each byte |
/// | a text that is empty, begins with a digit or `-`, or is `none`, `true`, `false`, `nan`, `inf` | `'` before it |
/// | numbers, `true`, `None`, `()` | `1`, `1.0`, `true`, `none`, `()` |
/// | `Some` | the value; `some(none)` where it could be taken for `None` |
/// | sequences, tuples | `[1,2]` |
/// | maps, structs | `{name=value}` |
/// | variants | as texts: `asc`, `after(1)`, `page{n=1}` |
/// | bytes | `0x00ff` |
/// | a secret | its keyed hash |
///
/// A name has at most 180 bytes: a longer one is cut, and ends with `@` and half a hash of the whole call. Capitals in
/// the names of functions and arguments become small letters.
///
/// One exception: values of *one* argument that differ only in the width of a number, or in a wrapper around it, as
/// those of an untagged enum can, have the same name. Then one takes the other's place in the store; neither is ever
/// returned for the other.
///
/// ```
/// use cacher_core::keyer::{Readable, check};
///
/// let keyer = Readable::new().unnamed("endpoint");   // `fetch_posts_user_id=1`
/// assert!(check(&keyer, &["endpoint", "user_id"], [("posts", 1), ("posts", 2), ("Posts", 1)]).is_ok());
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Readable {
    unnamed: Vec<&'static str>,
}

impl Readable {
    /// Names with the names of all arguments.
    pub const fn new() -> Self {
        Self { unnamed: Vec::new() }
    }

    /// Leaves out the name of an argument: `_value` in place of `_name=value`. Can be said of several; a name that
    /// no argument has means nothing.
    pub fn unnamed(mut self, argument: &'static str) -> Self {
        self.unnamed.push(argument);
        self
    }

    fn write(&self, call: &CallKey<'_>, out: &mut Name) -> fmt::Result {
        label(call.function(), out)?;
        call.arguments().try_for_each(|argument| self.argument(&argument, out))
    }

    /// Values hold no `=` outside brackets, so that one in a name ends the name of an argument; those without a name
    /// hold no underscore either, so that they end where the next begins.
    fn argument(&self, Argument { name, value }: &Argument<'_>, out: &mut Name) -> fmt::Result {
        out.write_char('_')?;
        if name.is_empty() || self.unnamed.contains(name) {
            return value.write(Style::NamesAlone, out);
        }
        label(name, out)?;
        out.write_char('=')?;
        value.write(Style::Names, out)
    }
}

impl Keyer for Readable {
    fn name(&self, call: &CallKey<'_>) -> String {
        let mut name = Name::default();
        let written = self.write(call, &mut name);
        name.end(written, call.identity())
    }
}
