//! The connections to one server: made when they are needed, so many at most, and closed when they rest for long.

use std::{
    mem,
    pin::pin,
    time::{Duration, Instant},
};

use sqlx::{ConnectOptions, Connection, Database};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::fault::{Failed, Fault};
use crate::{
    clock::Clock,
    sync::{Mutex, lock},
    work::within,
};

/// What says how to connect.
pub(super) type OptionsOf<D> = <<D as Database>::Connection as Connection>::Options;

/// How long a connection rests: less than what stands between makes of it (firewalls, balancers) in silence.
const REST: Duration = Duration::from_secs(60);
/// How long it is used: the name of a server may stand for another by then.
const LIFE: Duration = Duration::from_secs(30 * 60);

pub(super) struct Pool<D: Database> {
    options: OptionsOf<D>,
    patience: Duration,
    places: Semaphore,
    /// Those not in use, the longest unused first.
    idle: Mutex<Vec<Idle<D>>>,
}

struct Idle<D: Database> {
    connection: D::Connection,
    made: Instant,
    since: Instant,
}

/// A connection in use. One that is not given back is closed: what it was asked may not be answered yet.
pub(super) struct Used<'a, D: Database> {
    pub(super) connection: D::Connection,
    made: Instant,
    pool: &'a Pool<D>,
    _place: SemaphorePermit<'a>,
}

impl<D: Database> Pool<D> {
    /// So many connections at most; who waits for one, or for the server to take it, does so for `patience`.
    pub(super) fn new(options: OptionsOf<D>, connections: usize, patience: Duration) -> Self {
        Self { options, patience, places: Semaphore::new(connections), idle: Mutex::default() }
    }

    pub(super) async fn take(&self) -> Result<Used<'_, D>, Failed> {
        let taken = within(&Clock::System, self.patience, pin!(self.idle_or_new())).await;
        taken.unwrap_or_else(|| Err(Failed::new(Fault::Unreachable, "no connection within its time")))
    }

    async fn idle_or_new(&self) -> Result<Used<'_, D>, Failed> {
        let closed = |_| Failed::new(Fault::Unreachable, "the connections are closed");
        let place = self.places.acquire().await.map_err(closed)?;
        let (connection, made) = match self.rested() {
            Some(idle) => (idle.connection, idle.made),
            None => (self.options.connect().await.map_err(Failed::to_connect)?, Instant::now()),
        };
        Ok(Used { connection, made, pool: self, _place: place })
    }

    /// The one that was used last. If that is long ago, all are closed.
    fn rested(&self) -> Option<Idle<D>> {
        let last = lock(&self.idle).pop()?;
        if last.since.elapsed() < REST {
            return Some(last);
        }
        self.forget().into_iter().chain([last]).for_each(close);
        None
    }

    /// Those that are not in use, which are in the pool no longer.
    fn forget(&self) -> Vec<Idle<D>> {
        mem::take(&mut lock(&self.idle))
    }
}

impl<D: Database> Used<'_, D> {
    /// It has been answered, and may be used again.
    pub(super) fn give_back(self) {
        let idle = Idle { connection: self.connection, made: self.made, since: Instant::now() };
        if idle.made.elapsed() < LIFE {
            lock(&self.pool.idle).push(idle);
        } else {
            close(idle);
        }
    }

    /// It is dead, and so may be the others.
    pub(super) fn lose(self) {
        drop(self.pool.forget());
    }
}

/// Says goodbye, for which nobody waits.
fn close<D: Database>(idle: Idle<D>) {
    tokio::spawn(idle.connection.close());
}
