//! One server, and a few connections to it: made when they are needed, and again when they are lost.

use std::{collections::HashMap, fmt};

use tokio::sync::Semaphore;

use super::{
    codec::{Reply, Requests},
    connection::{Address, Connection, Login},
};
use crate::{
    error::{Error, Kind, Result},
    sync::{Mutex, lock},
};

/// How many requests of callers are under way at once; more wait for one of them.
const CONNECTIONS: usize = 8;

pub(super) struct Server {
    /// What its share of the keys depends on.
    pub(super) name: String,
    address: Address,
    login: Option<Login>,
    turns: Semaphore,
    idle: Mutex<Vec<Connection>>,
    /// The generations of namespaces, as they were last seen: each is asked for again with every request.
    pub(super) generations: Mutex<HashMap<String, u64>>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Server").field(&self.name).finish()
    }
}

impl Server {
    pub(super) fn new(name: String, address: Address, login: Option<Login>) -> Self {
        let turns = Semaphore::new(CONNECTIONS);
        Self { name, address, login, turns, idle: Mutex::default(), generations: Mutex::default() }
    }

    /// The replies to all of these.
    pub(super) async fn ask(&self, requests: &Requests) -> Result<Vec<Reply>> {
        let closed = |_| Error::new(Kind::Unavailable, "the store is closed");
        let _turn = self.turns.acquire().await.map_err(closed)?;
        let idle = lock(&self.idle).pop();
        if let Some(connection) = idle {
            match self.ask_by(connection, requests).await {
                // The server was started anew: then the others are lost as well.
                Err(error) if error.kind() == Kind::Unavailable => {
                    lock(&self.idle).clear();
                    if !requests.may_be_sent_twice() {
                        return Err(error);
                    }
                }
                answer => return answer,
            }
        }
        self.ask_by(Connection::open(&self.address, self.login.as_ref()).await?, requests).await
    }

    /// A connection is used again only if all went well on it.
    async fn ask_by(&self, mut connection: Connection, requests: &Requests) -> Result<Vec<Reply>> {
        let replies = connection.ask(requests).await?;
        lock(&self.idle).push(connection);
        Ok(replies)
    }
}
