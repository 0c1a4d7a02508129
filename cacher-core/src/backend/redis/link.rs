//! The way to the server: connected with the first command, and again when it is lost.

use std::{fmt, pin::pin, time::Duration};

use redis::{Cmd, FromRedisValue, Pipeline, RedisError, RedisResult, cmd};
use tokio::{sync::Mutex, task::JoinSet};

use super::{
    connect,
    fault::{fault, is_lost},
    line::{Current, Line},
    nodes,
    open::Target,
    tracking::{self, Watchers},
    wire::Wire,
};
use crate::{
    backend::Watcher,
    bridge::io::Thread,
    clock::Clock,
    error::{Error, Kind, Result},
    sync::{Arc, AtomicBool, Ordering, Weak},
    work::within,
};

pub(super) struct Link {
    pub(super) target: Target,
    pub(super) timeout: Duration,
    current: Mutex<Current>,
    pub(super) watchers: Arc<Watchers>,
    beating: AtomicBool,
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
        Self { target, timeout, current: Mutex::default(), watchers: Arc::default(), beating: AtomicBool::new(false) }
    }

    /// Whether it can be told of changes by others. The nodes of a cluster come and go, each with its own connection.
    pub(super) fn can_watch(&self) -> bool {
        !matches!(self.target, Target::Cluster(_))
    }

    /// Lets a watcher be told of changes to the keys with this prefix, from the next command on.
    pub(super) fn watch(self: &Arc<Self>, prefix: String, watcher: Watcher) {
        self.watchers.add(prefix, watcher);
        if !self.beating.swap(true, Ordering::SeqCst)
            && let Ok(thread) = Thread::of_process()
        {
            thread.handle.spawn(beat(Arc::downgrade(self)));
        }
    }

    /// What the server answers to a command that may be sent twice.
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T> {
        let (line, answer) = self.send(command).await.map_err(fault)?;
        match answer {
            Err(error) if self.is_lost(&error) => {
                self.leave(&line).await;
                self.send(command).await.and_then(|(_, answer)| answer).map_err(fault)
            }
            answer => answer.map_err(fault),
        }
    }

    /// The same for one that may not.
    pub(super) async fn ask_once<T: FromRedisValue>(&self, command: &Cmd) -> Result<T> {
        let (line, answer) = self.send(command).await.map_err(fault)?;
        if answer.as_ref().is_err_and(|error| self.is_lost(error)) {
            self.leave(&line).await;
        }
        answer.map_err(fault)
    }

    async fn send<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<(Arc<Line>, RedisResult<T>)> {
        let line = self.line().await?;
        let mut wire = line.wire.clone();
        let answer = line.heard(command.query_async(&mut wire)).await;
        Ok((line, answer))
    }

    /// Sends a transaction.
    pub(super) async fn ask_together(&self, commands: &Pipeline) -> Result<()> {
        let line = self.line().await.map_err(fault)?;
        let mut wire = line.wire.clone();
        let answer: RedisResult<()> = line.heard(commands.query_async(&mut wire)).await;
        if answer.as_ref().is_err_and(|error| self.is_lost(error)) {
            self.leave(&line).await;
        }
        answer.map_err(fault)
    }

    /// Sends commands that may be sent twice, all at once, and waits for all.
    pub(super) async fn ask_all(&self, commands: Vec<Cmd>) -> Result<()> {
        let line = self.line().await.map_err(fault)?;
        let answer = match &line.wire {
            Wire::One(_) => line.heard(send_together(line.wire.clone(), &commands)).await,
            Wire::Cluster(_) => line.heard(send_each(&line.wire, commands.clone())).await,
        };
        match answer {
            Err(error) if self.is_lost(&error) => {
                self.leave(&line).await;
                let line = self.line().await.map_err(fault)?;
                line.heard(send_each(&line.wire, commands)).await.map_err(fault)
            }
            answer => answer.map_err(fault),
        }
    }

    /// Some keys, and where the next ones are.
    pub(super) async fn scan(&self, pattern: &str, next: Option<&[u8]>) -> Result<(Vec<Vec<u8>>, Option<Vec<u8>>)> {
        let line = self.line().await.map_err(fault)?;
        line.heard(nodes::scan(line.wire.clone(), pattern, next)).await
    }

    /// What takes no longer than one answer may, for an operation that asks for many.
    pub(super) async fn in_time<T>(&self, asking: impl Future<Output = Result<T>>) -> Result<T> {
        let answer = within(&Clock::System, self.timeout, pin!(asking)).await;
        answer.unwrap_or_else(|| Err(Error::new(Kind::Unavailable, "no answer in time")))
    }

    /// Whether another connection may do better: sentinels may name another primary.
    fn is_lost(&self, error: &RedisError) -> bool {
        is_lost(error, matches!(self.target, Target::Sentinels(_)))
    }

    /// The connection, which is made if there is none or it is silent, and is told of all that somebody wants to hear of.
    /// Who comes meanwhile waits for it.
    async fn line(&self) -> RedisResult<Arc<Line>> {
        let mut current = self.current.lock().await;
        match current.line.as_ref().filter(|line| !line.is_silent()) {
            Some(line) if current.told.number == self.watchers.number() => Ok(Arc::clone(line)),
            // Seldom, and much larger.
            _ => Box::pin(self.renewed(&mut current)).await,
        }
    }

    async fn renewed(&self, current: &mut Current) -> RedisResult<Arc<Line>> {
        let wanted = tracking::wanted(&self.watchers);
        if let Some(line) = current.line.as_ref().filter(|line| !line.is_silent()).map(Arc::clone)
            && line.tell(&mut current.told, &wanted).await
        {
            return Ok(line);
        }
        self.let_go(current);
        current.number += 1;
        let missed = std::mem::replace(&mut current.missed, true);
        let line = Arc::new(connect::connect(self, current.number, &wanted.prefixes).await?);
        line.fence(&mut current.past).await?;
        current.missed = false;
        (current.line, current.told) = (Some(Arc::clone(&line)), wanted);
        if missed {
            // What is in memory was put there while nothing was told.
            self.watchers.lost();
        }
        Ok(line)
    }

    /// Lets a connection go, if it is still the one in use.
    async fn leave(&self, line: &Arc<Line>) {
        let mut current = self.current.lock().await;
        if current.line.as_ref().is_some_and(|other| Arc::ptr_eq(other, line)) {
            self.let_go(&mut current);
        }
    }

    /// Lets one go that does not answer.
    async fn leave_silent(&self) {
        let mut current = self.current.lock().await;
        if current.line.as_ref().is_some_and(|line| line.is_silent()) {
            self.let_go(&mut current);
        }
    }

    fn let_go(&self, current: &mut Current) {
        if let Some(line) = current.line.take() {
            current.past.extend(line.peer.clone());
            // Where nobody was told of anything, nobody counts on it.
            if !current.told.prefixes.is_empty() {
                current.missed = true;
                self.watchers.lost();
            }
        }
    }
}

/// Tries the connection again and again while somebody waits for changes: a server that is gone tells of none.
async fn beat(link: Weak<Link>) {
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        let Some(link) = link.upgrade() else { return };
        // That it fails is seen by those who ask for something.
        let _ = link.in_time(link.ask_once::<()>(&cmd("PING"))).await;
        link.leave_silent().await;
    }
}

/// One message for all.
async fn send_together(mut wire: Wire, commands: &[Cmd]) -> RedisResult<()> {
    let mut pipeline = redis::pipe();
    for command in commands {
        pipeline.add_command(command.clone()).ignore();
    }
    pipeline.query_async(&mut wire).await
}

/// A message for each, none waiting for another.
async fn send_each(wire: &Wire, commands: Vec<Cmd>) -> RedisResult<()> {
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
