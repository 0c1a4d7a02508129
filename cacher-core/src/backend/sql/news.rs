//! News of changes by others, from a PostgreSQL server: `LISTEN` and `NOTIFY` on a channel that is called as the table.
//!
//! A statement that changes something tells of it in its own transaction: what was not done is not told, and what was
//! done is. The server tells in the order of commits. So a change of our own has its answer once its own news are back,
//! which are told to nobody: by then all are told that were made before it.
//!
//! A connection of its own listens, as long as somebody wants to hear of changes; then nothing is asked without it.

use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasher, RandomState},
    process,
    time::Duration,
};

use sqlx::{
    AssertSqlSafe, PgPool,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
    query_scalar,
};
use tokio::{
    sync::{Mutex as Turns, oneshot},
    time::{sleep, timeout},
};

use super::{
    super::{
        Notice, Watcher,
        watchers::{Watchers, mark},
    },
    fault::{Failed, Fault},
    message::{Changes, Message, Told},
};
use crate::{
    bridge::io::Thread,
    sync::{Arc, AtomicBool, AtomicU64, Mutex, Ordering, Weak, lock},
};

pub(super) struct News {
    channel: String,
    /// Whose messages are ours.
    origin: u64,
    options: PgConnectOptions,
    patience: Duration,
    watchers: Watchers<u64>,
    listening: AtomicBool,
    /// How often it was tried to listen; who tries has it.
    attempts: Turns<u64>,
    /// Messages of ours that were sent and are not back.
    sent: Mutex<HashMap<u64, oneshot::Sender<()>>>,
    numbers: AtomicU64,
    beating: AtomicBool,
}

/// How often a connection is tried that nothing comes from.
const HEARTBEAT: Duration = Duration::from_secs(1);

impl fmt::Debug for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("News").field("channel", &self.channel).finish_non_exhaustive()
    }
}

impl News {
    /// Those of a table, by a connection of its own, which the server may need `patience` to make or to answer.
    pub(super) fn of(table: &str, options: PgConnectOptions, patience: Duration) -> Self {
        Self {
            channel: table.to_owned(),
            origin: RandomState::new().hash_one(process::id()),
            options,
            patience,
            watchers: Watchers::default(),
            listening: AtomicBool::new(false),
            attempts: Turns::default(),
            sent: Mutex::default(),
            numbers: AtomicU64::new(0),
            beating: AtomicBool::new(false),
        }
    }

    /// Lets a watcher be told of changes to the keys with this prefix, from the next operation on.
    pub(super) fn watch(self: &Arc<Self>, prefix: &str, watcher: Watcher) {
        self.watchers.add(mark(prefix), watcher);
        if !self.beating.swap(true, Ordering::SeqCst)
            && let Ok(thread) = Thread::of_process()
        {
            thread.handle.spawn(beat(Arc::downgrade(self)));
        }
    }

    /// Sees to it that changes are heard of, if somebody wants to hear of them.
    pub(super) async fn ready(self: &Arc<Self>) -> Result<(), Failed> {
        if self.listening.load(Ordering::SeqCst) || self.watchers.is_empty() {
            return Ok(());
        }
        let mut attempts = self.attempts.lock().await;
        if self.listening.load(Ordering::SeqCst) {
            return Ok(());
        }
        *attempts += 1;
        let late = |_| Failed::new(Fault::Unreachable, "no connection within its time");
        let listener = timeout(self.patience, self.listen()).await.map_err(late)??;
        self.listening.store(true, Ordering::SeqCst);
        if *attempts > 1 {
            // What is in memory was put there while nothing was heard.
            self.watchers.lost();
        }
        tokio::spawn(attend(Arc::downgrade(self), listener));
        Ok(())
    }

    async fn listen(&self) -> Result<PgListener, Failed> {
        let mut listener = PgListener::connect_with(&self.alone()).await.map_err(Failed::to_connect)?;
        listener.eager_reconnect(false);
        listener.listen(&self.channel).await.map_err(Failed::to_listen)?;
        Ok(listener)
    }

    /// A listener wants a pool to take its connection from.
    fn alone(&self) -> PgPool {
        let options = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        options.acquire_timeout(self.patience).connect_lazy_with(self.options.clone())
    }

    /// A message that is about to be sent; `None` if nobody here wants to know what was before it.
    pub(super) fn send(&self) -> Option<Sent<'_>> {
        if self.watchers.is_empty() {
            return None;
        }
        let (back, is_back) = oneshot::channel();
        let number = self.numbers.fetch_add(1, Ordering::Relaxed) + 1;
        lock(&self.sent).insert(number, back);
        Some(Sent { news: self, number, is_back })
    }

    /// Signs a message of ours.
    pub(super) fn sign(&self, message: &mut Message, sent: Option<&Sent<'_>>) {
        message.sign(self.origin, sent.map_or(0, |sent| sent.number));
    }

    fn hear(&self, payload: &str) {
        match Told::read(payload) {
            Some(told) if told.origin == self.origin => drop(lock(&self.sent).remove(&told.number)),
            Some(told) => told.changes.iter().for_each(|changes| self.tell(changes)),
            // Said by a later version, or by hand.
            None => self.watchers.lost(),
        }
    }

    fn tell(&self, Changes { namespace, marks }: &Changes) {
        if marks.is_empty() {
            self.watchers.tell(|other| other == namespace, Notice::Lost);
        }
        for mark in marks {
            self.watchers.tell(|other| other == namespace, Notice::Changed(*mark));
        }
    }

    /// Nothing is heard any more.
    fn deafen(&self) {
        self.listening.store(false, Ordering::SeqCst);
        self.watchers.lost();
        // What is not back by now does not come back.
        lock(&self.sent).clear();
    }
}

/// A message of ours on its way.
pub(super) struct Sent<'a> {
    news: &'a News,
    number: u64,
    is_back: oneshot::Receiver<()>,
}

impl Sent<'_> {
    /// Waits until it is back, or everybody has been told that news are lost.
    pub(super) async fn back(mut self) {
        // Either is the end of the sender.
        let _ = (&mut self.is_back).await;
    }
}

impl Drop for Sent<'_> {
    fn drop(&mut self) {
        lock(&self.news.sent).remove(&self.number);
    }
}

/// Hands on what is heard, until the connection is lost.
async fn attend(news: Weak<News>, mut listener: PgListener) {
    loop {
        let heard = timeout(HEARTBEAT, listener.try_recv()).await;
        let Some(news) = news.upgrade() else { return };
        match heard {
            Ok(Ok(Some(one))) => news.hear(one.payload()),
            Err(_) if hears(&mut listener, &news).await => {}
            _ => return news.deafen(),
        }
    }
}

/// Whether the server still answers, and knows that it is to tell: a pooler between may have changed the connection.
async fn hears(listener: &mut PgListener, news: &News) -> bool {
    let sql = format!("SELECT count(*) FROM pg_listening_channels() AS channel WHERE channel = '{}'", news.channel);
    let asking = query_scalar::<_, i64>(AssertSqlSafe(sql)).fetch_one(listener);
    matches!(timeout(news.patience, asking).await, Ok(Ok(1)))
}

/// Listens again after a loss, while somebody watches: what is in memory would not be asked for.
async fn beat(news: Weak<News>) {
    loop {
        sleep(HEARTBEAT).await;
        let Some(news) = news.upgrade() else { return };
        // That it fails is seen by those who ask for something.
        let _ = news.ready().await;
    }
}
