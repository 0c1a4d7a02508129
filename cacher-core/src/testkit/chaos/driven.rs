//! A store of futures that makes trouble.

use std::{
    borrow::Cow,
    time::{Duration, SystemTime},
};

use super::{Chaos, Operation};
use crate::{
    backend::{
        Capabilities, Key, Pace, Put, Watcher,
        driven::{AsyncBackend, Page},
    },
    error::Result,
};

/// Leases, rates and news of others make no trouble.
impl<S: AsyncBackend> AsyncBackend for Chaos<S> {
    fn describe(&self) -> String {
        format!("chaos in {}", self.0.inner.describe())
    }

    fn capabilities(&self) -> Capabilities {
        self.0.inner.capabilities()
    }

    fn timeout(&self) -> Duration {
        self.0.inner.timeout()
    }

    async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        let fate = self.0.on(Operation::Get, key);
        fate.befall().await?;
        Ok(fate.torn(self.0.inner.get(key).await?, 0))
    }

    async fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<()> {
        let fate = self.0.on(Operation::Put, key);
        fate.befall().await?;
        let torn = fate.tear(entry, 0);
        self.0.inner.put(key, torn.as_deref().unwrap_or(entry), expires).await
    }

    async fn remove(&self, key: &Key) -> Result<bool> {
        self.0.on(Operation::Remove, key).befall().await?;
        self.0.inner.remove(key).await
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>> {
        let fate = self.0.on_first(Operation::Get, keys.iter());
        fate.befall().await?;
        let entries = self.0.inner.get_many(keys).await?;
        Ok(entries.into_iter().zip(0..).map(|(entry, part)| fate.torn(entry, part)).collect())
    }

    async fn put_many(&self, entries: &[Put]) -> Result<()> {
        let fate = self.0.on_first(Operation::Put, entries.iter().map(|put| &put.key));
        let entries: Vec<_> = entries.iter().zip(0..).map(|(put, part)| fate.torn_put(put, part)).collect();
        match fate.befall().await {
            Ok(()) => self.0.inner.put_many(&entries).await,
            Err(error) => self.0.inner.put_many(&entries[..fate.done_of(entries.len())]).await.and(Err(error)),
        }
    }

    async fn remove_many(&self, keys: &[Key]) -> Result<u64> {
        let fate = self.0.on_first(Operation::Remove, keys.iter());
        match fate.befall().await {
            Ok(()) => self.0.inner.remove_many(keys).await,
            Err(error) => self.0.inner.remove_many(&keys[..fate.done_of(keys.len())]).await.and(Err(error)),
        }
    }

    async fn put_if_absent(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<bool> {
        let fate = self.0.on(Operation::PutIfAbsent, key);
        fate.befall().await?;
        let torn = fate.tear(entry, 0);
        self.0.inner.put_if_absent(key, torn.as_deref().unwrap_or(entry), expires).await
    }

    async fn touch(&self, key: &Key, expires: Option<SystemTime>) -> Result<bool> {
        self.0.on(Operation::Touch, key).befall().await?;
        self.0.inner.touch(key, expires).await
    }

    async fn written(&self, key: &Key) -> Result<Option<SystemTime>> {
        self.0.on(Operation::Written, key).befall().await?;
        self.0.inner.written(key).await
    }

    async fn clear(&self, namespace: &str) -> Result<u64> {
        self.0.within(Operation::Clear, namespace).befall().await?;
        self.0.inner.clear(namespace).await
    }

    async fn page(&self, namespace: &str, next: Option<&[u8]>) -> Result<Page> {
        let fate = self.0.within(Operation::Scan, namespace);
        fate.befall().await?;
        let mut page = self.0.inner.page(namespace, next).await?;
        for (scanned, part) in page.entries.iter_mut().zip(0..) {
            if let Some(torn) = fate.tear(&scanned.entry, part) {
                scanned.entry = torn;
            }
        }
        Ok(page)
    }

    fn shown<'a>(&self, key: &'a Key) -> Cow<'a, Key> {
        self.0.inner.shown(key)
    }

    async fn len(&self, namespace: &str) -> Result<u64> {
        self.0.within(Operation::Len, namespace).befall().await?;
        self.0.inner.len(namespace).await
    }

    async fn sweep(&self, namespace: &str, now: SystemTime) -> Result<u64> {
        self.0.within(Operation::Sweep, namespace).befall().await?;
        self.0.inner.sweep(namespace, now).await
    }

    async fn lease(&self, key: &Key, owner: &str, life: Duration) -> Result<Option<String>> {
        self.0.inner.lease(key, owner, life).await
    }

    async fn put_leased(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>, token: &str) -> Result<bool> {
        self.0.inner.put_leased(key, entry, expires, token).await
    }

    async fn end_lease(&self, key: &Key, token: Option<&str>) -> Result<()> {
        self.0.inner.end_lease(key, token).await
    }

    async fn pace(&self, key: &Key, pace: Pace) -> Result<Duration> {
        self.0.inner.pace(key, pace).await
    }

    fn watch(&self, namespace: &str, watcher: Watcher) -> bool {
        self.0.inner.watch(namespace, watcher)
    }

    fn mark(&self, key: &Key) -> u64 {
        self.0.inner.mark(key)
    }

    fn format(&self) -> Cow<'static, str> {
        self.0.inner.format()
    }

    fn has_own_format(&self) -> bool {
        self.0.inner.has_own_format()
    }
}
