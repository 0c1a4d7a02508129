//! Stores whose operations wait for a network, and what makes plain stores of them.

use std::{
    borrow::Cow,
    fmt,
    time::{Duration, SystemTime},
};

use super::{
    Backend, Capabilities, Key, Put, Scanned, Watcher,
    native::{Answer, Native},
};
use crate::{
    bridge::{self, io},
    clock::Clock,
    error::{Error, Kind, Result},
    sync::{Arc, Mutex, lock},
};

mod breaker;
mod contract;

use self::breaker::{Circuit, Pass};
pub use self::{
    breaker::Breaker,
    contract::{AsyncBackend, Page},
};

/// An [`AsyncBackend`] as a [`Backend`]: driven on a thread of the library, with a time limit and a [`Breaker`].
///
/// Sync callers wait on their own thread, async callers as futures, of any executor or none. It may be cloned: clones
/// are the same store.
pub struct Driven<B>(Arc<Shared<B>>);

struct Shared<B> {
    backend: B,
    timeout: Duration,
    breaker: Breaker,
    clock: Clock,
    circuit: Mutex<Circuit>,
}

/// How much longer than one operation those take that concern all entries of a function.
const LARGE: u32 = 60;

impl<B: AsyncBackend> Driven<B> {
    /// The store, with the default [`Breaker`].
    pub fn new(backend: B) -> Self {
        Self::with_breaker(backend, Breaker::default())
    }

    /// The store, with a rule for when it is left alone.
    pub fn with_breaker(backend: B, breaker: Breaker) -> Self {
        let (timeout, clock) = (backend.timeout(), Clock::current());
        Self(Arc::new(Shared { backend, timeout, breaker, clock, circuit: Mutex::default() }))
    }

    /// One operation, driven to its end.
    async fn operate<T, F>(self, times: u32, operation: impl FnOnce(Arc<Shared<B>>) -> F + Send + 'static) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let limit = self.0.timeout.saturating_mul(times);
        let passed = self.0.pass()?;
        io::handle()?;
        let work = async move {
            let answer = tokio::time::timeout(limit, operation(Arc::clone(&self.0))).await;
            let answer = answer.unwrap_or_else(|_| Err(late(limit)));
            passed.note(&answer);
            answer
        };
        io::run(work).await
    }

    /// The same for a caller that waits on its thread.
    fn wait<T, F>(&self, times: u32, operation: impl FnOnce(Arc<Shared<B>>) -> F + Send + 'static) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        if io::here() {
            let message = "a network store can't be waited for on the thread that drives it: write an async function";
            return Err(Error::new(Kind::Invalid, message));
        }
        bridge::block_on(self.clone().operate(times, operation))
    }
}

fn late(limit: Duration) -> Error {
    Error::new(Kind::Unavailable, format!("no answer within {limit:?}"))
}

impl<B> Shared<B> {
    fn pass(self: &Arc<Self>) -> Result<Passed<B>> {
        match lock(&self.circuit).ask(self.clock.tick()) {
            Some(pass) => Ok(Passed { shared: Arc::clone(self), pass, worked: false }),
            None => Err(Error::new(Kind::Skipped, "it failed lately, and is left alone for a moment")),
        }
    }
}

/// The right to ask the store once. What is dropped unsaid has failed.
struct Passed<B> {
    shared: Arc<Shared<B>>,
    pass: Pass,
    worked: bool,
}

impl<B> Passed<B> {
    fn note<T>(mut self, answer: &Result<T>) {
        self.worked = !matches!(answer, Err(error) if error.kind() == Kind::Unavailable);
    }
}

impl<B> Drop for Passed<B> {
    fn drop(&mut self) {
        let Shared { circuit, breaker, clock, .. } = &*self.shared;
        lock(circuit).note(breaker, clock.tick(), self.pass, self.worked);
    }
}

impl<B> Clone for Driven<B> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<B: AsyncBackend> fmt::Debug for Driven<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Driven").field(&self.0.backend.describe()).finish()
    }
}

impl<B: AsyncBackend> Native for Driven<B> {
    fn get(&self, key: Key) -> Answer<Option<Vec<u8>>> {
        Box::pin(self.clone().operate(1, move |shared| async move { shared.backend.get(&key).await }))
    }

    fn put(&self, key: Key, entry: Vec<u8>, expires: Option<SystemTime>) -> Answer<()> {
        Box::pin(self.clone().operate(1, move |shared| async move { shared.backend.put(&key, &entry, expires).await }))
    }

    fn remove(&self, key: Key) -> Answer<bool> {
        Box::pin(self.clone().operate(1, move |shared| async move { shared.backend.remove(&key).await }))
    }

    fn get_many(&self, keys: Vec<Key>) -> Answer<Vec<Option<Vec<u8>>>> {
        Box::pin(self.clone().operate(1, move |shared| async move { shared.backend.get_many(&keys).await }))
    }

    fn put_many(&self, entries: Vec<Put>) -> Answer<()> {
        Box::pin(self.clone().operate(1, move |shared| async move { shared.backend.put_many(&entries).await }))
    }

    fn remove_many(&self, keys: Vec<Key>) -> Answer<u64> {
        Box::pin(self.clone().operate(1, move |shared| async move { shared.backend.remove_many(&keys).await }))
    }

    fn lease(&self, key: Key, owner: String, life: Duration) -> Answer<Option<String>> {
        Box::pin(self.clone().operate(1, move |shared| async move { shared.backend.lease(&key, &owner, life).await }))
    }

    fn put_leased(&self, key: Key, entry: Vec<u8>, expires: Option<SystemTime>, token: String) -> Answer<bool> {
        let put =
            move |shared: Arc<Shared<B>>| async move { shared.backend.put_leased(&key, &entry, expires, &token).await };
        Box::pin(self.clone().operate(1, put))
    }

    fn end_lease(&self, key: Key, token: Option<String>) -> Answer<()> {
        let end = move |shared: Arc<Shared<B>>| async move { shared.backend.end_lease(&key, token.as_deref()).await };
        Box::pin(self.clone().operate(1, end))
    }

    fn watch(&self, namespace: &str, watcher: Watcher) -> bool {
        self.0.backend.watch(namespace, watcher)
    }

    fn mark(&self, key: &Key) -> u64 {
        self.0.backend.mark(key)
    }
}

impl<B: AsyncBackend> Backend for Driven<B> {
    fn describe(&self) -> String {
        self.0.backend.describe()
    }

    fn capabilities(&self) -> Capabilities {
        self.0.backend.capabilities()
    }

    fn native(&self) -> Option<Arc<dyn Native>> {
        Some(Arc::new(self.clone()))
    }

    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        let key = key.clone();
        self.wait(1, move |shared| async move { shared.backend.get(&key).await })
    }

    fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<()> {
        let (key, entry) = (key.clone(), entry.to_vec());
        self.wait(1, move |shared| async move { shared.backend.put(&key, &entry, expires).await })
    }

    fn remove(&self, key: &Key) -> Result<bool> {
        let key = key.clone();
        self.wait(1, move |shared| async move { shared.backend.remove(&key).await })
    }

    fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>> {
        let keys = keys.to_vec();
        self.wait(1, move |shared| async move { shared.backend.get_many(&keys).await })
    }

    fn put_many(&self, entries: &[Put]) -> Result<()> {
        let entries = entries.to_vec();
        self.wait(1, move |shared| async move { shared.backend.put_many(&entries).await })
    }

    fn remove_many(&self, keys: &[Key]) -> Result<u64> {
        let keys = keys.to_vec();
        self.wait(1, move |shared| async move { shared.backend.remove_many(&keys).await })
    }

    fn put_if_absent(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<bool> {
        let (key, entry) = (key.clone(), entry.to_vec());
        self.wait(1, move |shared| async move { shared.backend.put_if_absent(&key, &entry, expires).await })
    }

    fn touch(&self, key: &Key, expires: Option<SystemTime>) -> Result<bool> {
        let key = key.clone();
        self.wait(1, move |shared| async move { shared.backend.touch(&key, expires).await })
    }

    fn written(&self, key: &Key) -> Result<Option<SystemTime>> {
        let key = key.clone();
        self.wait(1, move |shared| async move { shared.backend.written(&key).await })
    }

    fn clear(&self, namespace: &str) -> Result<u64> {
        let namespace = namespace.to_owned();
        self.wait(LARGE, move |shared| async move { shared.backend.clear(&namespace).await })
    }

    fn scan(&self, namespace: &str, visit: &mut dyn FnMut(Scanned) -> bool) -> Result<()> {
        let mut next = None;
        loop {
            let (namespace, from) = (namespace.to_owned(), next.take());
            let page =
                self.wait(1, move |shared| async move { shared.backend.page(&namespace, from.as_deref()).await })?;
            if !page.entries.into_iter().all(&mut *visit) || page.next.is_none() {
                return Ok(());
            }
            next = page.next;
        }
    }

    fn shown<'a>(&self, key: &'a Key) -> Cow<'a, Key> {
        self.0.backend.shown(key)
    }

    fn len(&self, namespace: &str) -> Result<u64> {
        let namespace = namespace.to_owned();
        self.wait(LARGE, move |shared| async move { shared.backend.len(&namespace).await })
    }

    fn sweep(&self, namespace: &str, now: SystemTime) -> Result<u64> {
        let namespace = namespace.to_owned();
        self.wait(LARGE, move |shared| async move { shared.backend.sweep(&namespace, now).await })
    }

    fn format(&self) -> Cow<'static, str> {
        self.0.backend.format()
    }

    fn has_own_format(&self) -> bool {
        self.0.backend.has_own_format()
    }
}
