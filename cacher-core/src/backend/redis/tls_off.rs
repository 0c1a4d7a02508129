//! Clients of servers, none of which speaks TLS.

use redis::{Client, RedisResult};

use super::open::Server;

/// A client of this server.
pub(super) fn client(server: &Server) -> RedisResult<Client> {
    Client::open(server.info.clone())
}
