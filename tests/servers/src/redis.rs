//! A Redis of a test's own.

use std::ops::Deref;

use crate::{
    lacking,
    probe::Probe,
    resp::{Reply, Resp},
    server::{Kind, Server},
};

const KIND: Kind = Kind { name: "redis", user: None, probe: Probe::Redis };

/// A Redis that keeps nothing on disk, and so is empty after each start.
#[derive(Debug)]
pub struct Redis {
    server: Server,
    password: Option<String>,
}

impl Redis {
    /// One with the server's own settings.
    ///
    /// # Panics
    /// If it does not start, or is not installed and `CI` is set; where that is not, it is `None` instead.
    #[must_use]
    pub fn private() -> Option<Self> {
        Self::private_with(&[])
    }

    /// One with some settings, as `("maxmemory", "2mb")` or `("requirepass", "secret")`.
    ///
    /// # Panics
    /// As [`private`](Self::private).
    #[must_use]
    pub fn private_with(settings: &[(&str, &str)]) -> Option<Self> {
        let server = lacking::or_skipped(Server::prepare(&KIND, "redis-server"), "redis-server")?;
        let port = server.port().to_string();
        let ours = [("port", port.as_str()), ("bind", "127.0.0.1"), ("save", ""), ("appendonly", "no")];
        let arguments =
            ours.iter().chain(settings).flat_map(|(name, value)| [format!("--{name}"), (*value).to_owned()]);
        let server = server.argued(arguments);
        let password = settings.iter().find(|(name, _)| *name == "requirepass").map(|(_, value)| (*value).to_owned());
        server.start();
        Some(Self { server, password })
    }

    /// The URL of the server, with its password.
    #[must_use]
    pub fn url(&self) -> String {
        let password = self.password.as_ref().map(|password| format!(":{password}@")).unwrap_or_default();
        format!("redis://{password}{}", self.address())
    }

    /// A connection to the server that has said the password.
    ///
    /// # Panics
    /// If the server does not run.
    #[must_use]
    pub fn client(&self) -> Resp {
        let mut client = Resp::connect(&self.address());
        if let Some(password) = &self.password {
            assert_eq!(client.ask(&["AUTH", password]), Reply::Bytes(b"OK".to_vec()));
        }
        client
    }
}

impl Deref for Redis {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}
