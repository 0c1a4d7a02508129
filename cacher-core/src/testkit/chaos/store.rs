//! A store of plain functions that makes trouble.

use std::{borrow::Cow, time::SystemTime};

use super::{Chaos, Fate, Operation, Shared};
use crate::{
    backend::{Backend, Capabilities, Cost, Key, Put, Scanned},
    bridge::block_on,
    error::Result,
};

impl<S: Backend> Shared<S> {
    /// Does something, if nothing comes between.
    fn act<T>(&self, fate: &Fate<'_, S>, act: impl FnOnce(&S) -> Result<T>) -> Result<T> {
        block_on(fate.befall()).and_then(|()| act(&self.inner))
    }

    /// Does something with a list; a part of it, where it is to fail.
    fn act_on_all<T, R>(&self, fate: &Fate<'_, S>, all: &[T], act: impl Fn(&S, &[T]) -> Result<R>) -> Result<R> {
        match block_on(fate.befall()) {
            Ok(()) => act(&self.inner, all),
            Err(error) => act(&self.inner, &all[..fate.done_of(all.len())]).and(Err(error)),
        }
    }
}

impl<S: Backend> Backend for Chaos<S> {
    fn describe(&self) -> String {
        format!("chaos in {}", self.0.inner.describe())
    }

    fn cost(&self) -> Cost {
        // Whatever hangs must not hang an executor.
        Cost::Blocking
    }

    fn capabilities(&self) -> Capabilities {
        self.0.inner.capabilities().of_plain_form()
    }

    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        let fate = self.0.on(Operation::Get, key);
        Ok(fate.torn(self.0.act(&fate, |inner| inner.get(key))?, 0))
    }

    fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<()> {
        let fate = self.0.on(Operation::Put, key);
        let torn = fate.tear(entry, 0);
        self.0.act(&fate, |inner| inner.put(key, torn.as_deref().unwrap_or(entry), expires))
    }

    fn remove(&self, key: &Key) -> Result<bool> {
        self.0.act(&self.0.on(Operation::Remove, key), |inner| inner.remove(key))
    }

    fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>> {
        let fate = self.0.on_first(Operation::Get, keys.iter());
        let entries = self.0.act(&fate, |inner| inner.get_many(keys))?;
        Ok(entries.into_iter().zip(0..).map(|(entry, part)| fate.torn(entry, part)).collect())
    }

    fn put_many(&self, entries: &[Put]) -> Result<()> {
        let fate = self.0.on_first(Operation::Put, entries.iter().map(|put| &put.key));
        let entries: Vec<_> = entries.iter().zip(0..).map(|(put, part)| fate.torn_put(put, part)).collect();
        self.0.act_on_all(&fate, &entries, Backend::put_many)
    }

    fn remove_many(&self, keys: &[Key]) -> Result<u64> {
        let fate = self.0.on_first(Operation::Remove, keys.iter());
        self.0.act_on_all(&fate, keys, Backend::remove_many)
    }

    fn put_if_absent(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<bool> {
        let fate = self.0.on(Operation::PutIfAbsent, key);
        let torn = fate.tear(entry, 0);
        self.0.act(&fate, |inner| inner.put_if_absent(key, torn.as_deref().unwrap_or(entry), expires))
    }

    fn touch(&self, key: &Key, expires: Option<SystemTime>) -> Result<bool> {
        self.0.act(&self.0.on(Operation::Touch, key), |inner| inner.touch(key, expires))
    }

    fn written(&self, key: &Key) -> Result<Option<SystemTime>> {
        self.0.act(&self.0.on(Operation::Written, key), |inner| inner.written(key))
    }

    fn clear(&self, namespace: &str) -> Result<u64> {
        self.0.act(&self.0.within(Operation::Clear, namespace), |inner| inner.clear(namespace))
    }

    fn scan(&self, namespace: &str, visit: &mut dyn FnMut(Scanned) -> bool) -> Result<()> {
        let fate = self.0.within(Operation::Scan, namespace);
        let mut part = 0;
        let visit = &mut |scanned: Scanned| {
            part += 1;
            let entry = fate.tear(&scanned.entry, part).unwrap_or_else(|| scanned.entry.clone());
            visit(Scanned { entry, ..scanned })
        };
        self.0.act(&fate, |inner| inner.scan(namespace, visit))
    }

    fn shown<'a>(&self, key: &'a Key) -> Cow<'a, Key> {
        self.0.inner.shown(key)
    }

    fn len(&self, namespace: &str) -> Result<u64> {
        self.0.act(&self.0.within(Operation::Len, namespace), |inner| inner.len(namespace))
    }

    fn sweep(&self, namespace: &str, now: SystemTime) -> Result<u64> {
        self.0.act(&self.0.within(Operation::Sweep, namespace), |inner| inner.sweep(namespace, now))
    }

    fn format(&self) -> Cow<'static, str> {
        self.0.inner.format()
    }

    fn has_own_format(&self) -> bool {
        self.0.inner.has_own_format()
    }
}
