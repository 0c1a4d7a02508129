//! The connections to one server: made when they are needed, so many at most, and closed when they rest for long.
//!
//! What was given up on one must not be done after all: a write that the network still holds would bring back what has
//! been removed since. So a connection that was not answered is ended by the server before anything else is asked.

use std::{
    mem,
    pin::pin,
    time::{Duration, Instant},
};

use sqlx::{Connection, Database};
use tokio::{
    sync::{Mutex as Turns, Semaphore, SemaphorePermit},
    time::sleep,
};

use super::{
    driver::Server,
    fault::{Failed, Fault},
    name::Name,
};
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

/// How long one that was asked to end may take until it is looked for again.
const END: Duration = Duration::from_millis(2);

pub(super) struct Pool<D: Database> {
    options: OptionsOf<D>,
    patience: Duration,
    places: Semaphore,
    /// Those not in use, the longest unused first.
    idle: Mutex<Vec<Idle<D>>>,
    /// Those that the server may still hear something from.
    past: Mutex<Vec<Name>>,
    /// Who ends them.
    ending: Turns<()>,
}

/// A connection that nobody uses.
struct Idle<D: Database> {
    line: Line<D>,
    since: Instant,
}

struct Line<D: Database> {
    connection: D::Connection,
    name: Name,
    made: Instant,
}

/// A connection in use. One that is not given back is closed: what it was asked may not be answered yet.
pub(super) struct Used<'a, D: Database> {
    line: Option<Line<D>>,
    pool: &'a Pool<D>,
    _place: SemaphorePermit<'a>,
}

impl<D: Server> Pool<D> {
    /// So many connections at most; who waits for one, or for the server to take it, does so for `patience`.
    pub(super) fn new(options: OptionsOf<D>, connections: usize, patience: Duration) -> Self {
        let places = Semaphore::new(connections);
        Self { options, patience, places, idle: Mutex::default(), past: Mutex::default(), ending: Turns::default() }
    }

    pub(super) async fn take(&self) -> Result<Used<'_, D>, Failed> {
        let taking = async {
            let mut used = self.idle_or_new().await?;
            self.end_past(&mut used).await?;
            Ok(used)
        };
        let taken = within(&Clock::System, self.patience, pin!(taking)).await;
        taken.unwrap_or_else(|| Err(Failed::new(Fault::Unreachable, "no connection within its time")))
    }

    async fn idle_or_new(&self) -> Result<Used<'_, D>, Failed> {
        let closed = |_| Failed::new(Fault::Unreachable, "the connections are closed");
        let place = self.places.acquire().await.map_err(closed)?;
        let line = match self.rested() {
            Some(idle) => idle.line,
            None => self.connect().await.map_err(Failed::to_connect)?,
        };
        Ok(Used { line: Some(line), pool: self, _place: place })
    }

    async fn connect(&self) -> sqlx::Result<Line<D>> {
        let name = Name::new();
        let connection = D::connect(&self.options, &name).await?;
        Ok(Line { connection, name, made: Instant::now() })
    }

    /// Ends those that were not answered. Who comes meanwhile waits.
    async fn end_past(&self, used: &mut Used<'_, D>) -> Result<(), Failed> {
        if lock(&self.past).is_empty() {
            return Ok(());
        }
        let _turn = self.ending.lock().await;
        loop {
            let Some(name) = lock(&self.past).last().cloned() else { return Ok(()) };
            while D::end(used.connection(), &name).await.map_err(Failed::at_work::<D>)? {
                sleep(END).await;
            }
            lock(&self.past).retain(|other| *other != name);
        }
    }

    /// The one that was used last. If that is long ago, all are closed.
    fn rested(&self) -> Option<Idle<D>> {
        let last = lock(&self.idle).pop()?;
        if last.since.elapsed() < REST {
            return Some(last);
        }
        self.forget().into_iter().chain([last]).for_each(|idle| close(idle.line));
        None
    }

    /// Those that are not in use, which are in the pool no longer.
    fn forget(&self) -> Vec<Idle<D>> {
        mem::take(&mut lock(&self.idle))
    }
}

impl<D: Server> Used<'_, D> {
    pub(super) fn connection(&mut self) -> &mut D::Connection {
        let line = self.line.as_mut().unwrap_or_else(|| unreachable!("it is there until it is given back"));
        &mut line.connection
    }

    /// It has been answered, and may be used again.
    pub(super) fn give_back(mut self) {
        let Some(line) = self.line.take() else { return };
        if line.made.elapsed() < LIFE {
            lock(&self.pool.idle).push(Idle { line, since: Instant::now() });
        } else {
            close(line);
        }
    }

    /// It is dead, and so may be the others.
    pub(super) fn lose(self) {
        drop(self.pool.forget());
    }
}

impl<D: Database> Drop for Used<'_, D> {
    fn drop(&mut self) {
        if let Some(line) = self.line.take() {
            lock(&self.pool.past).push(line.name);
        }
    }
}

/// Says goodbye, for which nobody waits.
fn close<D: Database>(line: Line<D>) {
    tokio::spawn(line.connection.close());
}
