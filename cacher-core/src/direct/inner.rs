//! What both shells do.

use std::{
    collections::HashSet,
    hash::Hash,
    time::{Duration, SystemTime},
};

use serde::de::DeserializeOwned;

use super::key::{AsKey, Kept, parts};
use crate::{
    bridge::Shell,
    cache::{self, Asked, Changed, Keyed, Several},
    codec::guarded,
    companion::Entry,
    core::Core,
    error::Result,
    key::{encode::decode::decode, parts::Key},
    memory::{held::Shared, table::SharedTable},
    returns::{self, Returns},
    rt::{self, Step},
    scope::{self, Mode},
    strategy::life::Terms,
    sync::Arc,
    time::Stamp,
};

pub(super) type Typed<K, V> = cache::Cache<Kept<K>, Shared<V>, SharedTable<Kept<K>, Shared<V>>>;
type At<K, V> = Keyed<Kept<K>, Shared<V>, SharedTable<Kept<K>, Shared<V>>>;

/// A cache, and what is said about new values.
pub(super) struct Inner<K, V: Clone + 'static> {
    pub(super) cache: Arc<Typed<K, V>>,
    pub(super) core: Arc<Core>,
    pub(super) terms: Terms,
    pub(super) open: Arc<Open>,
}

impl<K, V: Clone + 'static> Clone for Inner<K, V> {
    fn clone(&self) -> Self {
        let Self { cache, core, open, terms } = self;
        Self { cache: Arc::clone(cache), core: Arc::clone(core), open: Arc::clone(open), terms: terms.clone() }
    }
}

/// What all clones of a cache share, and nothing else does. Work that the last one leaves behind may go on.
pub(super) struct Open(pub(super) Arc<Core>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.tiers().iter().for_each(|tier| tier.claimant().close());
    }
}

/// A call that memory did not answer.
pub(super) struct Further<K: Hash + Eq + Clone + 'static, V: Clone + 'static> {
    mode: Mode,
    asked: Asked,
    call: (Arc<Typed<K, V>>, Key<Kept<K>>),
    terms: Terms,
}

type Loading<K, V> = Box<cache::Leader<Kept<K>, Shared<V>, SharedTable<Kept<K>, Shared<V>>>>;

impl<K: Hash + Eq + Clone + 'static, V: Clone + 'static> Further<K, V> {
    /// Looks further, and waits until the body may run.
    pub(super) fn answer<M, R>(self, returns: Returns<M, R>) -> Step<R, Loading<K, V>>
    where
        M: returns::Mode<R, Value = V>,
    {
        let (cache, key) = self.call;
        rt::answer((cache, key, self.terms.clone()), (Shell::Sync, self.mode, self.asked), returns)
    }

    /// The same for an async caller.
    pub(super) async fn answer_async<M, R>(self, returns: Returns<M, R>) -> Step<R, Loading<K, V>>
    where
        M: returns::Mode<R, Value = V>,
    {
        let (cache, key) = self.call;
        rt::answer_async((cache, key, self.terms.clone()), (Shell::Async, self.mode, self.asked), returns).await
    }
}

impl<K, V> Inner<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    pub(super) fn entry<Q: AsKey<K> + ?Sized>(&self, key: &Q) -> Entry<V> {
        Entry(Arc::new(self.at(key)))
    }

    /// Answers a call from memory, or says what it takes to look further.
    pub(super) fn look<Q: AsKey<K> + ?Sized>(&self, key: &Q) -> Result<V, Further<K, V>> {
        let (mode, parts, mut asked) = (rt::in_scope(), parts(key), Asked::No);
        if let Some(value) = self.cache.first(mode, &parts, &mut asked) {
            return Ok(value);
        }
        let (mode, given) = scope::given(mode);
        let call = self.cache.second(&parts);
        let terms = self.cache.first_given((mode, given.as_deref()), (&call.1, self.terms.clone()), &mut asked);
        terms.map_or_else(|terms| Err(Further { mode, asked, call, terms }), Ok)
    }

    pub(super) fn with(&self, change: impl FnOnce(Terms) -> Terms) -> Self {
        Self { terms: change(self.terms.clone()), ..self.clone() }
    }

    pub(super) fn at<Q: AsKey<K> + ?Sized>(&self, key: &Q) -> At<K, V> {
        self.cache.keyed(&parts(key), self.terms.clone())
    }

    fn several(&self, keys: Vec<Key<Kept<K>>>) -> Several<Kept<K>, Shared<V>, SharedTable<Kept<K>, Shared<V>>> {
        Several::new(&self.cache, keys.into_iter().map(|key| (key, self.terms.clone())).collect())
    }

    pub(super) async fn get<Q: AsKey<K> + ?Sized>(&self, shell: Shell, key: &Q) -> Option<V> {
        let parts = parts(key);
        let mut asked = Asked::No;
        // Whatever scope is in force: nothing is loaded here.
        if let Some(value) = self.cache.first(Mode::Normal, &parts, &mut asked) {
            return Some(value);
        }
        let (cache, key) = self.cache.second(&parts);
        cache.seek(shell, (key, self.terms.clone()), asked).await
    }

    pub(super) async fn get_many<'a, Q, I>(&self, shell: Shell, keys: I) -> Vec<Option<V>>
    where
        Q: AsKey<K> + ?Sized + 'a,
        I: IntoIterator<Item = &'a Q>,
    {
        let (mut values, mut missing, mut asked) = (Vec::new(), Vec::new(), Vec::new());
        for key in keys {
            let (parts, mut about) = (parts(key), Asked::No);
            // Whatever scope is in force: nothing is loaded here.
            let value = self.cache.first(Mode::Normal, &parts, &mut about);
            if value.is_none() {
                missing.push((values.len(), Key::of(&parts)));
                asked.push(about);
            }
            values.push(value);
        }
        let (places, keys): (Vec<_>, Vec<_>) = missing.into_iter().unzip();
        let found = self.several(keys).seek(shell, &asked).await;
        places.into_iter().zip(found).for_each(|(at, value)| values[at] = value);
        values
    }

    pub(super) async fn contains<Q: AsKey<K> + ?Sized>(&self, shell: Shell, key: &Q) -> bool {
        self.at(key).info(shell).await.is_some()
    }

    pub(super) async fn set<Q: AsKey<K> + ?Sized>(&self, shell: Shell, key: &Q, value: V) -> bool {
        self.at(key).insert(shell, value).await
    }

    pub(super) async fn set_if_absent<Q: AsKey<K> + ?Sized>(&self, shell: Shell, key: &Q, value: V) -> bool {
        let absent = |old: Option<V>| if old.is_none() { Some(value.clone()) } else { None };
        self.at(key).change(shell, absent).await.kept
    }

    pub(super) async fn set_many<'a, Q, I>(&self, shell: Shell, entries: I) -> u64
    where
        Q: AsKey<K> + ?Sized + 'a,
        I: IntoIterator<Item = (&'a Q, V)>,
    {
        // Of two values of one key the later stands, so one that comes again begins anew.
        let (mut kept, mut keys, mut values) = (0, Vec::new(), Vec::new());
        let mut seen = HashSet::new();
        for (key, value) in entries {
            let key = Key::of(&parts(key));
            if !seen.insert(key.hash) {
                seen = HashSet::from([key.hash]);
                kept += self.several(std::mem::take(&mut keys)).insert(shell, std::mem::take(&mut values)).await;
            }
            keys.push(key);
            values.push(value);
        }
        kept + self.several(keys).insert(shell, values).await
    }

    pub(super) async fn update<Q, F>(&self, shell: Shell, key: &Q, change: F) -> Option<V>
    where
        Q: AsKey<K> + ?Sized,
        F: FnMut(Option<V>) -> Option<V>,
    {
        let Changed { made, .. } = self.at(key).change(shell, change).await;
        made
    }

    pub(super) async fn delete<Q: AsKey<K> + ?Sized>(&self, shell: Shell, key: &Q) -> bool {
        self.at(key).delete(shell).await
    }

    pub(super) async fn delete_many<'a, Q, I>(&self, shell: Shell, keys: I) -> u64
    where
        Q: AsKey<K> + ?Sized + 'a,
        I: IntoIterator<Item = &'a Q>,
    {
        let (mut distinct, mut seen) = (Vec::new(), HashSet::new());
        for key in keys {
            let key = Key::of(&parts(key));
            if seen.insert(key.hash) || !distinct.contains(&key) {
                distinct.push(key);
            }
        }
        self.several(distinct).delete(shell).await
    }

    pub(super) async fn keys(&self, shell: Shell) -> Result<Vec<K>>
    where
        K: DeserializeOwned,
    {
        let encoded = self.core.keys(shell).await?;
        let names = self.core.config.identity(Vec::new());
        let keys = encoded.iter().filter_map(|identity| identity.strip_suffix(&names[..]));
        let decoded = keys.map(|key| guarded(|| decode::<(K,)>(key)));
        Ok(decoded.filter_map(|key| self.core.or_fault(key)).map(|(key,)| key).collect())
    }

    pub(super) async fn expire_in<Q: AsKey<K> + ?Sized>(&self, shell: Shell, key: &Q, life: Duration) -> bool {
        self.at(key).expire_in(shell, life).await
    }

    pub(super) async fn expire_at<Q: AsKey<K> + ?Sized>(&self, shell: Shell, key: &Q, time: SystemTime) -> bool {
        let life = Stamp::from(time).since(self.core.clock.stamp());
        self.expire_in(shell, key, life).await
    }
}
