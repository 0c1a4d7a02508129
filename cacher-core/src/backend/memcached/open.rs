//! Servers by URL.

use std::{borrow::Cow, time::Duration};

use super::{
    super::{
        driven::Driven,
        local::Opened,
        url::{self, Url},
    },
    Memcached,
    connection::{Address, Login},
    server::Server,
};
use crate::{
    error::{Error, Kind, Result},
    sync::Arc,
    units,
};

const TIMEOUT: Duration = Duration::from_secs(1);
const PORT: u16 = 11211;

impl Memcached {
    /// One server or several, and whatever else a URL says:
    ///
    /// | URL | |
    /// |---|---|
    /// | `memcached://[user:password@]host[:11211][,host:port..]` | servers, among which the keys are shared out |
    /// | `memcached+unix:///path/to/socket` | a server on this machine; `?user=..&pass=..` |
    ///
    /// Parameters of both: `format`, and `timeout`, how long an operation may take with connecting (1 s). User and
    /// password are for servers with `--auth-file`.
    ///
    /// Nothing is connected before the first operation.
    ///
    /// # Errors
    /// [`Kind::Invalid`], saying what is wrong with the URL.
    pub fn from_url(url: &str) -> Result<Self> {
        let parsed = Url::parse(url)?;
        Self::of(&parsed, url).map_err(|error| error.within(url::redact(url)))
    }

    /// The servers of this URL that the functions of this process share.
    pub(crate) fn shared(url: &str) -> Result<Arc<Driven<Self>>> {
        static OPENED: Opened<String, Driven<Memcached>> = Opened::new();
        OPENED.get_or_open(url.to_owned(), || Self::from_url(url).map(Driven::new))
    }

    fn of(url: &Url<'_>, text: &str) -> Result<Self> {
        let servers = match url.scheme {
            "memcached" => {
                url.only(&["format", "timeout"])?;
                hosts(url.rest)?
            }
            "memcached+unix" => {
                url.only(&["format", "timeout", "user", "pass"])?;
                vec![socket(url)?]
            }
            other => return invalid(format!("this store is memcached://, not {other}://")),
        };
        let timeout = match url.get("timeout") {
            None => TIMEOUT,
            Some(timeout) => units::duration(timeout).filter(|timeout| !timeout.is_zero()).ok_or_else(|| {
                Error::new(Kind::Invalid, format!("`timeout={timeout}` is no time: write `timeout=500ms`"))
            })?,
        };
        let format = url.get("format").map(|format| Cow::Owned(format.to_owned()));
        let url = url::redact(text.split('?').next().unwrap_or_default());
        Ok(Self { servers, url, timeout, format })
    }
}

fn invalid<T>(message: impl Into<Cow<'static, str>>) -> Result<T> {
    Err(Error::new(Kind::Invalid, message))
}

fn hosts(rest: &str) -> Result<Vec<Server>> {
    let (login, list) = match rest.rsplit_once('@') {
        None => (None, rest),
        Some((both, list)) => {
            let (user, password) = both.split_once(':').unwrap_or((both, ""));
            (Some(login(url::decode(user)?, url::decode(password)?)?), list)
        }
    };
    let mut servers: Vec<Server> = Vec::new();
    for text in list.split(',') {
        let (host, port) = host(text)?;
        let name = format!("{host}:{port}");
        if servers.iter().any(|server| server.name == name) {
            return invalid(format!("the server {name} is given twice"));
        }
        servers.push(Server::new(name, Address::Host { host, port }, login.clone()));
    }
    Ok(servers)
}

/// `host`, `host:11211`, `[::1]:11211`
fn host(text: &str) -> Result<(String, u16)> {
    let wrong = || Error::new(Kind::Invalid, format!("`{text}` is no server: write `host` or `host:{PORT}`"));
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map(|(host, port)| (host, port.strip_prefix(':').or(Some(port)))),
        None => Some(text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)))),
    }
    .ok_or_else(wrong)?;
    let port = match port {
        None | Some("") => PORT,
        Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or_else(wrong)?,
    };
    if host.is_empty() || host.contains(|letter: char| letter == '/' || !letter.is_ascii_graphic()) {
        return Err(wrong());
    }
    Ok((host.to_ascii_lowercase(), port))
}

fn socket(url: &Url<'_>) -> Result<Server> {
    if !url.rest.starts_with('/') {
        return invalid("the path is missing: write `memcached+unix:///path/to/socket`");
    }
    if cfg!(not(unix)) {
        return invalid("there are no such sockets on this system: write `memcached://localhost`");
    }
    let path = url::decode(url.rest)?;
    let login = match (url.get("user"), url.get("pass")) {
        (None, None) => None,
        (user, password) => Some(login(user.unwrap_or_default().to_owned(), password.unwrap_or_default().to_owned())?),
    };
    Ok(Server::new(path.clone(), Address::Socket(path.into()), login))
}

/// What the server reads as two words.
fn login(user: String, password: String) -> Result<Login> {
    let is_word = |text: &str| !text.is_empty() && !text.contains(|letter: char| letter <= ' ' || letter == '\u{7f}');
    if is_word(&user) && is_word(&password) {
        return Ok(Login { user, password });
    }
    invalid("a server takes a user and a password without blanks: write `memcached://user:password@host`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(url: &str) -> Vec<String> {
        Memcached::from_url(url).expect(url).servers.iter().map(|server| server.name.clone()).collect()
    }

    #[test]
    fn servers_are_read_with_their_ports() {
        assert_eq!(names("memcached://Localhost"), ["localhost:11211"]);
        assert_eq!(names("memcached://u:p@a:1,b:2,[::1]:3,[::2]"), ["a:1", "b:2", "::1:3", "::2:11211"]);
        assert_eq!(names("memcached+unix:///run/a%20b"), ["/run/a b"]);
    }

    #[test]
    fn what_is_wrong_is_refused_without_its_password() {
        for url in [
            "memcached://",
            "memcached://a,",
            "memcached://a,b,a:11211",
            "memcached://a:x",
            "memcached://a:0",
            "memcached://a/b",
            "memcached://[::1",
            "memcached://[::1]x",
            "memcached://ann:hunter2@",
            "memcached://ann:hunter2%20x@a",
            "memcached://ann:hunter2%0d%0aflush_all@a",
            "memcached://:hunter2@a",
            "memcached://ann:hunter2@a?timeout=0s",
            "memcached://ann:hunter2@a?timeuot=1s",
            "memcached+unix://run/a",
            "memcached+unix:///run/a?user=a%0ab&pass=hunter2",
            "redis://ann:hunter2@a",
        ] {
            let error = Memcached::from_url(url).expect_err(url);
            assert_eq!(error.kind(), Kind::Invalid, "{url}");
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }
}
