//! The least client of Redis, to look at a server past the store that is tested.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
};

/// A connection to a Redis.
#[derive(Debug)]
pub struct Resp(BufReader<TcpStream>);

/// What a Redis answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A status or a string.
    Bytes(Vec<u8>),
    /// A number.
    Integer(i64),
    /// Nothing is there.
    Nil,
    /// Several answers in one.
    Array(Vec<Reply>),
    /// A refusal, with the server's words.
    Error(String),
}

impl Resp {
    /// Connects to a host and port, also as `redis://host:port`.
    ///
    /// # Panics
    /// If nobody listens there.
    #[must_use]
    pub fn connect(address: &str) -> Self {
        let address = address.trim_start_matches("redis://");
        Self(BufReader::new(TcpStream::connect(address).unwrap_or_else(|error| panic!("{address}: {error}"))))
    }

    /// Sends a command, and reads its answer.
    ///
    /// # Panics
    /// If the connection breaks.
    pub fn ask<T: AsRef<[u8]>>(&mut self, command: &[T]) -> Reply {
        self.try_ask(command).expect("an answer of Redis")
    }

    /// How often the server has run each command, by its name in lower case, since it was started.
    ///
    /// # Panics
    /// If the connection breaks, or asks for a password first.
    pub fn calls(&mut self, command: &str) -> u64 {
        let Reply::Bytes(text) = self.ask(&["INFO", "commandstats"]) else { panic!("no commandstats") };
        let text = String::from_utf8_lossy(&text);
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
        line.and_then(|rest| rest.split(',').next()?.parse().ok()).unwrap_or(0)
    }

    fn try_ask<T: AsRef<[u8]>>(&mut self, command: &[T]) -> io::Result<Reply> {
        let mut request = format!("*{}\r\n", command.len()).into_bytes();
        for word in command.iter().map(AsRef::as_ref) {
            request.extend(format!("${}\r\n", word.len()).bytes());
            request.extend_from_slice(word);
            request.extend(b"\r\n");
        }
        self.0.get_mut().write_all(&request)?;
        self.read()
    }

    fn read(&mut self) -> io::Result<Reply> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let (kind, rest) = line.trim_end().split_at_checked(1).ok_or(io::ErrorKind::UnexpectedEof)?;
        let number = || rest.parse::<i64>().map_err(io::Error::other);
        Ok(match kind {
            "+" => Reply::Bytes(rest.into()),
            "-" => Reply::Error(rest.to_owned()),
            ":" => Reply::Integer(number()?),
            "$" => usize::try_from(number()?).map_or(Ok(Reply::Nil), |length| self.read_bytes(length))?,
            "*" => usize::try_from(number()?).map_or(Ok(Reply::Nil), |length| self.read_array(length))?,
            _ => return Err(io::Error::other(format!("not RESP: {line:?}"))),
        })
    }

    fn read_bytes(&mut self, length: usize) -> io::Result<Reply> {
        let mut bytes = vec![0; length + 2];
        self.0.read_exact(&mut bytes)?;
        bytes.truncate(length);
        Ok(Reply::Bytes(bytes))
    }

    fn read_array(&mut self, length: usize) -> io::Result<Reply> {
        (0..length).map(|_| self.read()).collect::<io::Result<_>>().map(Reply::Array)
    }
}
