//! A memcached of a test's own.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    ops::Deref,
};

use crate::{
    lacking,
    probe::Probe,
    server::{Kind, Server},
};

const KIND: Kind = Kind { name: "memcached", user: Some("nobody"), probe: Probe::Memcached };

/// A memcached of 64 MiB.
#[derive(Debug)]
pub struct Memcached(Server);

impl Memcached {
    /// One with the server's own settings.
    ///
    /// # Panics
    /// If it does not start, or is not installed and `CI` is set; where that is not, it is `None` instead.
    #[must_use]
    pub fn private() -> Option<Self> {
        Self::private_with(&[])
    }

    /// One with some options of its command line, as `["-I", "2m"]`.
    ///
    /// # Panics
    /// As [`private`](Self::private).
    #[must_use]
    pub fn private_with(options: &[&str]) -> Option<Self> {
        let server = lacking::or_skipped(Server::prepare(&KIND, "memcached"), "memcached")?;
        let port = server.port().to_string();
        let server = server.argued(["-l", "127.0.0.1", "-p", &port, "-U", "0"]).argued(options);
        server.start();
        Some(Self(server))
    }

    /// The URL of the server.
    #[must_use]
    pub fn url(&self) -> String {
        format!("memcached://{}", self.address())
    }

    /// What the server counts; see [`memcached_stats`].
    ///
    /// # Panics
    /// If the server does not run.
    #[must_use]
    pub fn stats(&self) -> BTreeMap<String, String> {
        memcached_stats(&self.address())
    }
}

impl Deref for Memcached {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}

/// What the memcached at this host and port counts, as `cmd_get`, `get_hits` or `curr_connections`.
///
/// # Panics
/// If it does not answer.
#[must_use]
pub fn memcached_stats(address: &str) -> BTreeMap<String, String> {
    let address = address.trim_start_matches("memcached://");
    let mut stream = TcpStream::connect(address).unwrap_or_else(|error| panic!("{address}: {error}"));
    stream.write_all(b"stats\r\n").expect("a memcached");
    let lines = BufReader::new(stream).lines().map(|line| line.expect("an answer of memcached"));
    let stats = lines.take_while(|line| line != "END");
    stats.filter_map(|line| named(&line)).collect()
}

fn named(line: &str) -> Option<(String, String)> {
    let (name, value) = line.strip_prefix("STAT ")?.split_once(' ')?;
    Some((name.to_owned(), value.to_owned()))
}
