//! URLs of stores: `scheme://path?name=value&name=value`.

use crate::error::{Error, Kind, Result};

/// A URL in its parts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Url<'a> {
    /// What stands before `://`.
    pub(crate) scheme: &'a str,
    /// What stands between `://` and `?`, as written: what it means, and when to [`decode`] it, is the store's affair.
    pub(crate) rest: &'a str,
    /// What stands behind `?`, decoded, in its order. No name comes twice.
    pub(crate) parameters: Vec<(String, String)>,
}

impl<'a> Url<'a> {
    /// Takes `url` apart.
    ///
    /// # Errors
    /// [`Kind::Invalid`] if it is no URL, an escape is malformed, or a parameter is given twice.
    pub(crate) fn parse(url: &'a str) -> Result<Self> {
        let split = || {
            let (scheme, rest) = url.split_once("://").filter(|(scheme, _)| is_scheme(scheme)).ok_or_else(|| {
                Error::new(Kind::Invalid, "this is no URL of a store: write `scheme://path?name=value`")
            })?;
            // Or else half a password would be taken for a path or for parameters, and shown.
            if secret_of_user(rest).is_some_and(|(_, end)| end >= authority(rest).len()) {
                let message = "write `/`, `?` and `#` in a password, and every `@` but the one behind it, as %XX";
                return Err(Error::new(Kind::Invalid, message));
            }
            let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
            Ok(Self { scheme, rest, parameters: parameters(query)? })
        };
        split().map_err(|error: Error| error.within(redact(url)))
    }

    /// Refuses parameters other than these.
    ///
    /// # Errors
    /// [`Kind::Invalid`], naming the unknown one and listing the known ones.
    pub(crate) fn only(&self, known: &[&str]) -> Result<()> {
        match self.parameters.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some((name, _)) => Err(Error::new(
                Kind::Invalid,
                match known {
                    [] => format!("{}:// has no parameter `{name}`: it has none", self.scheme),
                    _ => format!("{}:// has no parameter `{name}`; there are: {}", self.scheme, known.join(", ")),
                },
            )),
        }
    }

    /// The value of a parameter, if it is given.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// Whether memory in front of the store is to hear of changes by others: unless it says `coherence=off`.
    ///
    /// # Errors
    /// [`Kind::Invalid`] if it says something else.
    #[cfg_attr(not(any(feature = "redis", feature = "postgres", feature = "mysql")), allow(dead_code))]
    pub(crate) fn is_coherent(&self) -> Result<bool> {
        match self.get("coherence") {
            None | Some("on") => Ok(true),
            Some("off") => Ok(false),
            Some(other) => Err(Error::new(Kind::Invalid, format!("`coherence` is `on` or `off`, not `{other}`"))),
        }
    }
}

/// The same URL for an error or a listing: what may be a password is `***`.
///
/// That is what stands between the first `:` of the authority and the last `@` of the URL (a password may hold any
/// character, unescaped ones too, when it is the very mistake that is reported), and every parameter whose name
/// speaks of a password, secret or token.
#[must_use]
pub fn redact(url: &str) -> String {
    let start = url.find("://").map_or(0, |at| at + "://".len());
    let (scheme, rest) = url.split_at(start);
    let mut hidden: Vec<_> = secret_of_user(rest).into_iter().chain(secret_parameters(rest)).collect();
    hidden.sort_unstable();
    let (mut shown, mut at) = (scheme.to_owned(), 0);
    for (from, to) in hidden {
        // One may reach into the next.
        if from >= at {
            shown.push_str(&rest[at..from]);
            shown.push_str("***");
        }
        at = at.max(to);
    }
    shown + &rest[at..]
}

/// Text with `%XX` in place of a byte.
///
/// # Errors
/// [`Kind::Invalid`] if an escape is malformed, or the result is not UTF-8 or holds a zero byte.
pub(crate) fn decode(text: &str) -> Result<String> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (byte, rest) = escaped(piece)
            .ok_or_else(|| Error::new(Kind::Invalid, "a `%` in a URL is followed by two hexadecimal digits"))?;
        bytes.push(byte);
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'))
        .ok_or_else(|| Error::new(Kind::Invalid, "the escapes in a URL must make UTF-8 text without zero bytes"))
}

fn escaped(piece: &str) -> Option<(u8, &str)> {
    let (digits, rest) = piece.split_at_checked(2)?;
    let all_digits = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    Some((u8::from_str_radix(digits, 16).ok().filter(|_| all_digits)?, rest))
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte))
}

fn parameters(query: &str) -> Result<Vec<(String, String)>> {
    let mut parameters: Vec<(String, String)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decode(name)?;
        if parameters.iter().any(|(earlier, _)| *earlier == name) {
            return Err(Error::new(Kind::Invalid, format!("the parameter `{name}` is given twice")));
        }
        parameters.push((name, decode(value)?));
    }
    Ok(parameters)
}

fn authority(rest: &str) -> &str {
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

/// Where the password is in what follows `://`.
fn secret_of_user(rest: &str) -> Option<(usize, usize)> {
    let authority = authority(rest);
    let from = authority.find(':')? + 1;
    let to = rest.rfind('@').filter(|to| *to >= from)?;
    // `host:6379/a@b` holds a port, and no user.
    let port = &authority[from..];
    let is_port = to >= authority.len() && !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    (!is_port).then_some((from, to))
}

/// Where the values of parameters are that are called like secrets.
fn secret_parameters(rest: &str) -> impl Iterator<Item = (usize, usize)> {
    const SECRET: [&str; 4] = ["pass", "pwd", "secret", "token"];
    rest.match_indices(['?', '&']).filter_map(|(at, mark)| {
        let from = at + mark.len();
        let (name, value) = rest[from..].split('&').next()?.split_once('=')?;
        let from = from + name.len() + 1;
        let name = name.to_ascii_lowercase();
        SECRET.iter().any(|word| name.contains(word)).then_some((from, from + value.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_comes_apart() {
        let url = Url::parse("file://./a%20b?format=json&durability=pow%65r&x").expect("a URL");
        assert_eq!((url.scheme, url.rest), ("file", "./a%20b"));
        let expected = [("format", "json"), ("durability", "power"), ("x", "")];
        assert_eq!(url.parameters, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(decode(url.rest).expect("valid"), "./a b");
    }

    #[test]
    fn what_is_no_url_is_refused_without_its_password() {
        for url in [
            "",
            "redis",
            "redis:u:hunter2@host",
            "://u:hunter2@x",
            "9p://u:hunter2@x",
            "a://u:x?hunter2@h",
            "a://u:x@y?hunter2@h",
            "a://u:hunter2@x?b=1&b=2",
        ] {
            let error = Url::parse(url).expect_err(url);
            assert_eq!(error.kind(), Kind::Invalid);
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn malformed_escapes_are_refused() {
        for text in ["%", "a%2", "%zz", "%+1", "%-1", "%ff", "%00", "%é"] {
            assert_eq!(decode(text).expect_err(text).kind(), Kind::Invalid);
        }
    }

    #[test]
    fn an_unknown_parameter_is_told_the_known_ones() {
        let url = Url::parse("file:///a?fromat=json").expect("a URL");
        let error = url.only(&["format", "durability"]).expect_err("unknown").to_string();
        assert!(error.contains("`fromat`") && error.contains("format, durability"), "{error}");
        url.only(&["fromat"]).expect("known");
    }

    #[test]
    fn passwords_are_redacted() {
        for (url, shown) in [
            ("redis://user:secret@host:6379/0?a=b", "redis://user:***@host:6379/0?a=b"),
            ("redis://:secret@host", "redis://:***@host"),
            ("redis://user:p@ss@host/x", "redis://user:***@host/x"),
            ("redis://user:pa/ss?w#@host/x", "redis://user:***@host/x"),
            ("redis://user:p@s/wo@rd@host/x", "redis://user:***@host/x"),
            ("redis://user:/pass?word@host/x", "redis://user:***@host/x"),
            ("user:secret@host", "user:***@host"),
            ("redis://host:6379/0?client=me@home", "redis://host:6379/0?client=me@home"),
            ("postgres://host/db?password=secret&x=1", "postgres://host/db?password=***&x=1"),
            ("redis://u:p@h?token=a@b&x=1", "redis://u:***&x=1"),
            ("redis://u:p@h?x=a@b&token=secret", "redis://u:***@b&token=***"),
            ("redis://h?x=?token=secret", "redis://h?x=?token=***"),
            ("file:///home/a:b@c?format=json", "file:///home/a:b@c?format=json"),
            ("redis://user@host", "redis://user@host"),
            ("", ""),
        ] {
            assert_eq!(redact(url), shown);
        }
    }
}
