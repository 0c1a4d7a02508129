//! A call, as keyers see it.

use std::fmt;

use super::text::{self, Style};
use crate::key::encode::read::{Piece, Reader};

/// How many parts of a key one tuple holds; the last of a full one may be the tuple of further ones.
const FULL: usize = 16;

/// What identifies a call, as a [`Keyer`](super::Keyer) sees it. Nothing in it is computed before it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct CallKey<'a> {
    pub(super) function: &'a str,
    pub(super) namespace: &'a str,
    pub(super) names: &'a [&'a str],
    pub(super) identity: &'a [u8],
}

impl<'a> CallKey<'a> {
    /// A call of a function whose namespace is its name, to try a keyer on. `identity` is what
    /// [`encode`](super::encode) makes of a tuple of the arguments.
    ///
    /// ```
    /// use cacher_core::keyer::{CallKey, Keyer, Readable, encode};
    ///
    /// let identity = encode(&(1, "asc"))?;
    /// let call = CallKey::new("posts", &["user_id", "sort"], &identity);
    /// assert_eq!(Readable::new().name(&call), "posts_user_id=1_sort=asc");
    /// # Ok::<(), cacher_core::error::Error>(())
    /// ```
    #[must_use]
    pub fn new(function: &'a str, arguments: &'a [&'a str], identity: &'a [u8]) -> Self {
        Self { function, namespace: function, names: arguments, identity }
    }

    /// `namespace` is the path of the function, or the name that it was given.
    pub(crate) fn of(namespace: &'a str, given: Option<&'a str>, names: &'a [&'a str], identity: &'a [u8]) -> Self {
        Self { function: given.unwrap_or_else(|| short(namespace)), namespace, names, identity }
    }

    /// The function: what `name = ".."` says, or its name without its path.
    #[must_use]
    pub fn function(&self) -> &'a str {
        self.function
    }

    /// What keeps its entries from those of other functions: its path in its crate, or its name, with its type
    /// parameters and its version. A store keeps namespaces apart by itself; a name need not hold this.
    #[must_use]
    pub fn namespace(&self) -> &'a str {
        self.namespace
    }

    /// All that identifies the call, as bytes that stand for it alone: see [`encode`](super::encode). They depend
    /// on no platform and no run of the program.
    #[must_use]
    pub fn identity(&self) -> &'a [u8] {
        self.identity
    }

    /// What identifies the call, by name, in the order of declaration: its arguments, or the parts of `key = (..)`,
    /// which are called as they are written.
    #[must_use]
    pub fn arguments(&self) -> Arguments<'a> {
        let mut rest = Reader(self.identity);
        let left = tuple(&mut rest).unwrap_or(0);
        Arguments { names: self.names, rest, left, level: left }
    }

    /// The argument of this name.
    #[must_use]
    pub fn argument(&self, name: &str) -> Option<Value<'a>> {
        self.arguments().find(|argument| argument.name == name).map(|argument| argument.value)
    }
}

/// The name at the end of the path in a namespace, without type parameters, and without the version.
fn short(namespace: &str) -> &str {
    // Neither a path nor a version has one in it.
    let path = namespace.split_once('@').map_or(namespace, |(path, _version)| path);
    let end = if path.ends_with('>') { opening(path) } else { None };
    path[..end.unwrap_or(path.len())].rsplit("::").next().unwrap_or(path)
}

/// Where the bracket opens that the last letter closes.
fn opening(path: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, letter) in path.char_indices().rev() {
        match letter {
            '>' if !path[..at].ends_with('-') => depth += 1,
            '<' if depth == 1 => return Some(at),
            '<' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

fn tuple(reader: &mut Reader<'_>) -> Option<usize> {
    match reader.piece()? {
        Piece::List(count) => Some(count),
        _ => None,
    }
}

/// The arguments of a [`CallKey`].
#[derive(Clone, Debug)]
pub struct Arguments<'a> {
    names: &'a [&'a str],
    rest: Reader<'a>,
    left: usize,
    level: usize,
}

/// One argument of a [`CallKey`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Argument<'a> {
    /// Its name; empty if it has none.
    pub name: &'a str,
    /// Its value.
    pub value: Value<'a>,
}

impl<'a> Iterator for Arguments<'a> {
    type Item = Argument<'a>;

    fn next(&mut self) -> Option<Argument<'a>> {
        while self.left == 1 && self.level == FULL && self.names.len() > 1 {
            self.left = tuple(&mut self.rest)?;
            self.level = self.left;
        }
        self.left = self.left.checked_sub(1)?;
        let name = self.names.split_off_first().copied().unwrap_or_default();
        let before = self.rest.0;
        self.rest.skip()?;
        let value = Value { encoded: &before[..before.len() - self.rest.0.len()] };
        Some(Argument { name, value })
    }
}

/// The value of an argument, for its text or its bytes. [`Display`](fmt::Display) writes it for people: a text as it
/// is, a number in digits, `none`, `[1,2]`, `{name=value}`; a secret as its keyed hash. It is no safe file name, and two
/// values may be written alike; [`Readable`](super::Readable) writes names that are.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    encoded: &'a [u8],
}

impl<'a> Value<'a> {
    /// The text, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&'a str> {
        match Reader(self.encoded).piece()? {
            Piece::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The bytes that stand for this value alone: see [`encode`](super::encode).
    #[must_use]
    pub fn encoded(&self) -> &'a [u8] {
        self.encoded
    }

    /// The value in a file name.
    pub(super) fn write(&self, style: Style, out: &mut impl fmt::Write) -> fmt::Result {
        text::value(&mut Reader(self.encoded), style, out)
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(Style::People, f)
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn the_name_at_the_end_of_a_path() {
        for (path, name) in [
            ("a::posts::fetch", "fetch"),
            ("fetch", "fetch"),
            ("a::Client<a::B>::rates<3>", "rates"),
            ("<a::Pg as a::Repo<u8>>::user", "user"),
            ("a::f<fn(a::X) -> a::Y>", "f"),
            ("a::f<a::B<a::C>>", "f"),
            ("a::posts::fetch@v1", "fetch"),
            ("staging:a::f<a::B<a::C>>@code-1f29", "f"),
            ("a::fetch@a::b<1>", "fetch"),
        ] {
            assert_eq!(short(path), name);
        }
    }
}
