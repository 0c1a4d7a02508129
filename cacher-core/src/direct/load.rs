//! Loads: what is not there is made by a body.

use std::{hash::Hash, pin::pin};

use super::{AsKey, AsyncCache, Cache};
use crate::{
    error::Result,
    returns::{Fallible, Mode, Plain, Returns},
    rt::{self, Step},
};

impl<K, V> Cache<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// The value under `key`, loaded by `body` if there is none. Of several callers at once one loads; the others wait
    /// for its value, or load themselves if waiting would be in vain.
    ///
    /// # Panics
    /// In the scope [`only_if_cached`](crate::scope::only_if_cached), if there is none.
    pub fn get_or_load<Q: AsKey<K> + ?Sized>(&self, key: &Q, body: impl FnOnce() -> V) -> V {
        self.load(key, Returns::values(Plain), body)
    }

    /// The same with a body that may fail. Its error is returned and not kept: the next caller loads.
    ///
    /// # Errors
    /// Those of `body`.
    ///
    /// # Panics
    /// As [`get_or_load`](Self::get_or_load).
    pub fn try_get_or_load<Q, E>(&self, key: &Q, body: impl FnOnce() -> Result<V, E>) -> Result<V, E>
    where
        Q: AsKey<K> + ?Sized,
    {
        self.load(key, Returns::values(Fallible), body)
    }

    fn load<Q, M, R>(&self, key: &Q, returns: Returns<M, R>, body: impl FnOnce() -> R) -> R
    where
        Q: AsKey<K> + ?Sized,
        M: Mode<R, Value = V>,
    {
        let further = match self.0.look(key) {
            Ok(value) => return M::returned(value),
            Err(further) => further,
        };
        match further.answer(returns) {
            Step::Done(returned) => returned,
            Step::Run(leader) => rt::load(leader, &returns, body),
        }
    }
}

impl<K, V> AsyncCache<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// The value under `key`, loaded by `body` if there is none. Of several callers at once one loads; the others wait
    /// for its value, or load themselves if waiting would be in vain. Dropped half-way, it leaves the load to the next.
    ///
    /// # Panics
    /// In the scope [`only_if_cached`](crate::scope::only_if_cached), if there is none.
    pub async fn get_or_load<Q: AsKey<K> + ?Sized>(&self, key: &Q, body: impl Future<Output = V>) -> V {
        self.load(key, Returns::values(Plain), body).await
    }

    /// The same with a body that may fail. Its error is returned and not kept: the next caller loads.
    ///
    /// # Errors
    /// Those of `body`.
    ///
    /// # Panics
    /// As [`get_or_load`](Self::get_or_load).
    pub async fn try_get_or_load<Q, E>(&self, key: &Q, body: impl Future<Output = Result<V, E>>) -> Result<V, E>
    where
        Q: AsKey<K> + ?Sized,
    {
        self.load(key, Returns::values(Fallible), body).await
    }

    async fn load<Q, M, R>(&self, key: &Q, returns: Returns<M, R>, body: impl Future<Output = R>) -> R
    where
        Q: AsKey<K> + ?Sized,
        M: Mode<R, Value = V>,
    {
        let further = match self.0.look(key) {
            Ok(value) => return M::returned(value),
            Err(further) => further,
        };
        match further.answer_async(returns).await {
            Step::Done(returned) => returned,
            Step::Run(leader) => rt::load_async(leader, &returns, pin!(body)).await,
        }
    }
}
