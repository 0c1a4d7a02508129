//! The way to the server: connected with the first command, and again when it is lost.

use std::{collections::BTreeSet, fmt, time::Duration};

use redis::{
    AsyncConnectionConfig, Cmd, FromRedisValue, ProtocolVersion, RedisError, RedisResult,
    cluster::ClusterClient,
    cluster_async::ClusterConnection,
    cmd,
    sentinel::{SentinelClientBuilder, SentinelServerType},
};
use tokio::{
    sync::{Mutex, mpsc::unbounded_channel},
    task::JoinSet,
};

use super::{
    fault::{fault, is_lost},
    nodes,
    open::{Sentinels, Target},
    tls,
    tracking::{self, Watchers},
    wire::Wire,
};
use crate::{
    backend::Watcher,
    bridge::io,
    error::Result,
    sync::{Arc, Weak},
};

pub(super) struct Link {
    target: Target,
    timeout: Duration,
    current: Mutex<Current>,
    watchers: Arc<Watchers>,
}

/// The connection in use, and how many there were before it.
#[derive(Default)]
struct Current {
    number: u64,
    wire: Option<Wire>,
    /// The prefixes of the keys whose changes it is told of.
    told: BTreeSet<String>,
}

/// How often a connection that nobody uses is tried, where changes are waited for.
const HEARTBEAT: Duration = Duration::from_secs(1);

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

impl Link {
    pub(super) fn new(target: Target, timeout: Duration) -> Self {
        Self { target, timeout, current: Mutex::default(), watchers: Arc::default() }
    }

    /// Whether it can be told of changes by others. The nodes of a cluster come and go, each with its own connection.
    pub(super) fn can_watch(&self) -> bool {
        !matches!(self.target, Target::Cluster(_))
    }

    /// Lets a watcher be told of changes to the keys with this prefix, from the next command on.
    pub(super) fn watch(self: &Arc<Self>, prefix: String, watcher: Watcher) {
        if self.watchers.add(prefix, watcher)
            && let Ok(io) = io::handle()
        {
            io.spawn(beat(Arc::downgrade(self)));
        }
    }

    /// What the server answers to a command that may be sent twice.
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T> {
        let (number, answer) = self.send(command).await?;
        match answer {
            Err(error) if is_lost(&error) => {
                self.leave(number).await;
                self.send(command).await?.1.map_err(fault)
            }
            answer => answer.map_err(fault),
        }
    }

    /// The same for one that may not.
    pub(super) async fn ask_once<T: FromRedisValue>(&self, command: &Cmd) -> Result<T> {
        let (number, answer) = self.send(command).await?;
        if answer.as_ref().is_err_and(is_lost) {
            self.leave(number).await;
        }
        answer.map_err(fault)
    }

    async fn send<T: FromRedisValue>(&self, command: &Cmd) -> Result<(u64, RedisResult<T>)> {
        let (number, mut wire) = self.wire().await.map_err(fault)?;
        Ok((number, command.query_async(&mut wire).await))
    }

    /// Sends commands that may be sent twice, all at once, and waits for all.
    pub(super) async fn ask_all(&self, commands: Vec<Cmd>) -> Result<()> {
        let (number, wire) = self.wire().await.map_err(fault)?;
        let answer = match &wire {
            Wire::One(_) => send_together(wire, &commands).await,
            Wire::Cluster(_) => send_each(&wire, commands.clone()).await,
        };
        match answer {
            Err(error) if is_lost(&error) => {
                self.leave(number).await;
                let (_, wire) = self.wire().await.map_err(fault)?;
                send_each(&wire, commands).await.map_err(fault)
            }
            answer => answer.map_err(fault),
        }
    }

    /// Some keys, and where the next ones are.
    pub(super) async fn scan(&self, pattern: &str, next: Option<&[u8]>) -> Result<(Vec<Vec<u8>>, Option<Vec<u8>>)> {
        let (_, wire) = self.wire().await.map_err(fault)?;
        nodes::scan(wire, pattern, next).await
    }

    /// The connection, which is made if there is none, or somebody wants to hear more than it is told. Who comes
    /// meanwhile waits for it.
    async fn wire(&self) -> RedisResult<(u64, Wire)> {
        let mut current = self.current.lock().await;
        let told = if self.can_watch() { self.watchers.prefixes() } else { BTreeSet::new() };
        if let Some(wire) = &current.wire
            && current.told.is_superset(&told)
        {
            return Ok((current.number, wire.clone()));
        }
        let number = current.number + 1;
        *current = Current { number, ..Current::default() };
        let wire = self.connect(&told).await?;
        *current = Current { number, wire: Some(wire.clone()), told };
        drop(current);
        if number > 1 {
            // What is in memory was put there while nothing was told.
            self.watchers.lost();
        }
        Ok((number, wire))
    }

    /// Lets a connection go, if it is still the one in use.
    async fn leave(&self, number: u64) {
        let mut current = self.current.lock().await;
        if current.number == number {
            *current = Current { number: number + 1, ..Current::default() };
            self.watchers.lost();
        }
    }

    /// Connects, and lets the connection be told of changes to keys with these prefixes.
    async fn connect(&self, told: &BTreeSet<String>) -> RedisResult<Wire> {
        // The time for answers is limited above, where it is counted.
        let mut config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(self.timeout)).set_response_timeout(None);
        if told.is_empty() {
            return self.open(&config, ProtocolVersion::RESP2).await;
        }
        let (tell, pushes) = unbounded_channel();
        config = config.set_push_sender(tell);
        let mut wire = self.open(&config, ProtocolVersion::RESP3).await?;
        tracking::tracking(told).query_async::<()>(&mut wire).await?;
        tokio::spawn(tracking::hand_on(Arc::clone(&self.watchers), pushes));
        Ok(wire)
    }

    async fn open(&self, config: &AsyncConnectionConfig, protocol: ProtocolVersion) -> RedisResult<Wire> {
        match &self.target {
            Target::Server(server) => {
                let client = tls::client(&server.speaking(protocol))?;
                client.get_multiplexed_async_connection_with_config(config).await.map(Wire::One)
            }
            Target::Cluster(nodes) => cluster(nodes, self.timeout).await.map(Wire::Cluster),
            Target::Sentinels(sentinels) => primary(sentinels, config, protocol).await,
        }
    }
}

/// Tries the connection again and again while somebody waits for changes: a server that is gone tells of none.
async fn beat(link: Weak<Link>) {
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        let Some(link) = link.upgrade() else { return };
        let (timeout, ping) = (link.timeout, cmd("PING"));
        let number = link.current.lock().await.number;
        let answer = tokio::time::timeout(timeout, link.ask_once::<()>(&ping)).await;
        if answer.is_err() {
            link.leave(number).await;
        }
    }
}

async fn cluster(nodes: &[redis::ConnectionInfo], timeout: Duration) -> RedisResult<ClusterConnection> {
    let builder = ClusterClient::builder(nodes.to_vec()).connection_timeout(timeout).response_timeout(timeout);
    builder.build()?.get_async_connection().await
}

async fn primary(
    sentinels: &Sentinels,
    config: &AsyncConnectionConfig,
    protocol: ProtocolVersion,
) -> RedisResult<Wire> {
    let nodes = sentinels.nodes.iter().map(|node| node.addr().clone());
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

/// One message for all.
async fn send_together(mut wire: Wire, commands: &[Cmd]) -> Result<(), RedisError> {
    let mut pipeline = redis::pipe();
    for command in commands {
        pipeline.add_command(command.clone()).ignore();
    }
    pipeline.query_async(&mut wire).await
}

/// A message for each, none waiting for another.
async fn send_each(wire: &Wire, commands: Vec<Cmd>) -> Result<(), RedisError> {
    let mut sent = JoinSet::new();
    for command in commands {
        let mut wire = wire.clone();
        sent.spawn(async move { command.query_async::<()>(&mut wire).await });
    }
    let mut answer = Ok(());
    while let Some(one) = sent.join_next().await {
        answer = answer.and(one.unwrap_or(Ok(())));
    }
    answer
}
