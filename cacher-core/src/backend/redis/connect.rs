//! Making a connection to what a URL means.

use std::{collections::BTreeSet, time::Duration};

use redis::{
    AsyncConnectionConfig, ProtocolVersion, RedisResult,
    cluster::ClusterClient,
    cluster_async::ClusterConnection,
    sentinel::{SentinelClientBuilder, SentinelServerType},
};

use super::{
    line::Line,
    link::Link,
    open::{Sentinels, Target},
    tls,
    tracking::{self, Ear},
    wire::Wire,
};
use crate::sync::Arc;

/// How many commands may wait for the connection to take them; who comes then waits for a place.
const WAITING: usize = 1024;

/// Connects, and lets the connection be told of changes to keys with these prefixes. `number` is that of the attempt.
pub(super) async fn connect(link: &Link, number: u64, told: &BTreeSet<String>) -> RedisResult<Line> {
    // The time for answers is limited above, where it is counted.
    let mut config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(link.timeout))
        .set_response_timeout(None)
        .set_pipeline_buffer_size(WAITING);
    if told.is_empty() {
        let wire = open(link, number, &config, ProtocolVersion::RESP2).await?;
        return Ok(Line::new(wire).await);
    }
    let ear = Arc::new(Ear::new(Arc::clone(&link.watchers)));
    config = config.set_push_sender(Arc::clone(&ear));
    let mut wire = open(link, number, &config, ProtocolVersion::RESP3).await?;
    tracking::tracking(told).query_async::<()>(&mut wire).await?;
    ear.listen();
    Ok(Line::new(wire).await)
}

async fn open(
    link: &Link,
    number: u64,
    config: &AsyncConnectionConfig,
    protocol: ProtocolVersion,
) -> RedisResult<Wire> {
    match &link.target {
        Target::Server(server) => {
            let client = tls::client(&server.speaking(protocol))?;
            client.get_multiplexed_async_connection_with_config(config).await.map(Wire::One)
        }
        Target::Cluster(nodes) => cluster(nodes, link.timeout).await.map(Wire::Cluster),
        Target::Sentinels(sentinels) => primary(sentinels, number, config, protocol).await,
    }
}

async fn cluster(nodes: &[redis::ConnectionInfo], timeout: Duration) -> RedisResult<ClusterConnection> {
    let builder = ClusterClient::builder(nodes.to_vec()).connection_timeout(timeout).response_timeout(timeout);
    builder.build()?.get_async_connection().await
}

/// Each attempt begins with another sentinel: one that is silent would take all the time there is.
async fn primary(
    sentinels: &Sentinels,
    number: u64,
    config: &AsyncConnectionConfig,
    protocol: ProtocolVersion,
) -> RedisResult<Wire> {
    let mut nodes: Vec<_> = sentinels.nodes.iter().map(|node| node.addr().clone()).collect();
    let first = usize::try_from(number).unwrap_or(0).wrapping_sub(1) % nodes.len().max(1);
    nodes.rotate_left(first);
    let mut builder = SentinelClientBuilder::new(nodes, sentinels.primary.clone(), SentinelServerType::Master)?
        .set_client_to_redis_db(sentinels.redis.db())
        .set_client_to_redis_protocol(protocol);
    if let Some(user) = sentinels.redis.username() {
        builder = builder.set_client_to_redis_username(user);
    }
    if let Some(password) = sentinels.redis.password() {
        builder = builder.set_client_to_redis_password(password);
    }
    let mut client = builder.build()?;
    client.get_async_connection_with_config(config).await.map(Wire::One)
}
