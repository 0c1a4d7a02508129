//! Whether a server answers, in its own language.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// A question that a server answers as soon as it serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// `PING`; a server that asks for a password answers as well.
    Redis,
    /// `version`; a server that asks for a password answers as well.
    Memcached,
    /// The start of a session of the user `postgres`.
    Postgres,
    /// The greeting, which comes unasked.
    MariaDb,
    /// `hello`.
    MongoDb,
}

impl Probe {
    /// Asks the server at this host and port.
    ///
    /// # Errors
    /// Of the connection, or `InvalidData` when something else is said than by a server that serves.
    pub fn ask(self, address: &str) -> io::Result<()> {
        let address: SocketAddr = address.parse().map_err(io::Error::other)?;
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        self.ask_by(stream)
    }

    /// Asks by a connection of any kind.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub fn ask_by(self, mut stream: impl Read + Write) -> io::Result<()> {
        stream.write_all(&self.question())?;
        let mut answer = [0; 256];
        let length = stream.read(&mut answer)?;
        let answer = &answer[..length];
        if self.accepts(answer) {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, format!("{self:?}: {}", answer.escape_ascii())))
    }

    fn question(self) -> Vec<u8> {
        match self {
            Self::Redis => b"PING\r\n".to_vec(),
            Self::Memcached => b"version\r\n".to_vec(),
            Self::Postgres => with_length(&[b"\0\x03\0\0user\0postgres\0database\0postgres\0\0"], u32::to_be_bytes),
            Self::MariaDb => Vec::new(),
            Self::MongoDb => hello(),
        }
    }

    fn accepts(self, answer: &[u8]) -> bool {
        match self {
            Self::Redis => answer.starts_with(b"+PONG") || answer.starts_with(b"-NOAUTH"),
            Self::Memcached => answer.starts_with(b"VERSION ") || answer.starts_with(b"CLIENT_ERROR unauthenticated"),
            Self::Postgres => answer.first() == Some(&b'R'),
            // After four bytes of length and number, the version of the protocol.
            Self::MariaDb => answer.get(4) == Some(&10),
            Self::MongoDb => answer.windows(WRITABLE.len()).any(|part| part == WRITABLE),
        }
    }
}

const PATIENCE: Duration = Duration::from_secs(1);
const WRITABLE: &[u8] = b"isWritablePrimary\0\x01";

/// `{hello: 1, $db: "admin"}` as a message of the wire protocol.
fn hello() -> Vec<u8> {
    let document = with_length(&[b"\x10hello\0\x01\0\0\0", b"\x02$db\0\x06\0\0\0admin\0", b"\0"], u32::to_le_bytes);
    let (request, reply_to, message, flags, body) = ([1, 0, 0, 0], [0; 4], 2013_u32.to_le_bytes(), [0; 4], [0]);
    with_length(&[&request, &reply_to, &message, &flags, &body, &document], u32::to_le_bytes)
}

/// These parts after the length of all, which counts itself.
fn with_length(parts: &[&[u8]], bytes: fn(u32) -> [u8; 4]) -> Vec<u8> {
    let rest = parts.concat();
    let length = u32::try_from(rest.len() + 4).expect("a short message");
    [&bytes(length)[..], &rest].concat()
}
