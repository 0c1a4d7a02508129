//! A sentinel of a test's own.

use std::{fs, ops::Deref};

use crate::{
    Redis, lacking,
    probe::Probe,
    resp::Resp,
    server::{Kind, Server},
};

const KIND: Kind = Kind { name: "sentinel", user: None, probe: Probe::Redis };

/// A sentinel that watches a primary, by the name `primary`.
#[derive(Debug)]
pub struct Sentinel(Server);

impl Sentinel {
    /// One that finds the replicas of this server by itself, and takes a server for down after a second.
    ///
    /// # Panics
    /// As [`Redis::private`].
    #[must_use]
    pub fn private(primary: &Redis) -> Option<Self> {
        let server = lacking::or_skipped(Server::prepare(&KIND, "redis-sentinel"), "redis-sentinel")?;
        let settings = [
            format!("port {}", server.port()),
            "bind 127.0.0.1".into(),
            format!("sentinel monitor primary 127.0.0.1 {} 1", primary.port()),
            "sentinel down-after-milliseconds primary 1000".into(),
            "sentinel failover-timeout primary 5000".into(),
        ];
        fs::write(server.home().join("conf"), settings.join("\n")).expect("a directory of ours");
        let server = server.argued(["conf"]);
        server.start();
        Some(Self(server))
    }

    /// The URL of the primary, whichever it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis-sentinel://{}/primary", self.address())
    }

    /// A connection to the sentinel itself.
    ///
    /// # Panics
    /// If it does not run.
    #[must_use]
    pub fn client(&self) -> Resp {
        Resp::connect(&self.address())
    }
}

impl Deref for Sentinel {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}
