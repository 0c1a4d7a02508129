//! One call: which of its items are found, and where.

use std::fmt;

use hashbrown::HashTable;

use super::runner::End;
use crate::{
    bridge::Shell,
    cache::{Asked, Batch, Cache, Known, Want},
    key::parts::{Key, Parts, Query},
    memory::{held::Held, table::Table},
    scope::Mode,
    strategy::life::Terms,
    sync::Arc,
};

/// A call that memory did not answer whole.
pub struct Call<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> {
    pub(super) batch: Batch<O, H, T>,
    /// Of each item the value in memory, or the place of its key among the wanted ones.
    places: Vec<Place<H::Value>>,
    /// Of each wanted key an item.
    pub(super) firsts: Vec<usize>,
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> fmt::Debug for Call<O, H, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("batch", &self.batch).finish_non_exhaustive()
    }
}

enum Place<V> {
    Memory(V),
    Wanted(usize),
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Call<O, H, T> {
    /// Asks memory for each item: the values if it has them all, else the call.
    #[expect(clippy::result_large_err, reason = "no error: the call goes on with it")]
    pub(super) fn begin<P: Parts<Owned = O>>(
        cache: &Arc<Cache<O, H, T>>,
        (shell, mode, particular): (Shell, Mode, bool),
        (count, parts): (usize, impl Fn(usize) -> P),
        terms: impl Fn(usize) -> Terms,
    ) -> Result<Vec<H::Value>, Self> {
        let mut values = Vec::with_capacity(count);
        for at in 0..count {
            let mut asked = Asked::No;
            let Some(value) = cache.first_of((mode, particular), &parts(at), || terms(at), &mut asked) else {
                let how = (shell, mode, particular);
                return Err(Self::look_further(cache, how, (values, asked), (count, parts), terms));
            };
            values.push(value);
        }
        Ok(values)
    }

    /// The same from the first item on that memory does not have.
    fn look_further<P: Parts<Owned = O>>(
        cache: &Arc<Cache<O, H, T>>,
        (shell, mode, particular): (Shell, Mode, bool),
        (values, asked): (Vec<H::Value>, Asked),
        (count, parts): (usize, impl Fn(usize) -> P),
        terms: impl Fn(usize) -> Terms,
    ) -> Self {
        let first = values.len();
        let mut places: Vec<_> = values.into_iter().map(Place::Memory).collect();
        let (mut wants, mut firsts, mut known) = (Vec::new(), Vec::new(), HashTable::new());
        for at in first..count {
            let parts = parts(at);
            let hash = Query::of(&parts).hash;
            let is = |want: &usize| {
                let Want { key, .. }: &Want<O> = &wants[*want];
                key.hash == hash && parts.is(&key.parts)
            };
            if let Some(want) = known.find(hash, is) {
                places.push(Place::Wanted(*want));
                continue;
            }
            let mut asked = asked;
            if at > first {
                asked = Asked::No;
                if let Some(value) = cache.first_of((mode, particular), &parts, || terms(at), &mut asked) {
                    places.push(Place::Memory(value));
                    continue;
                }
            }
            let asked = cache.asked_about(mode, hash, asked);
            known.insert_unique(hash, wants.len(), |want| wants[*want].key.hash);
            places.push(Place::Wanted(wants.len()));
            wants.push(Want { key: Key { hash, parts: parts.own() }, terms: terms(at), asked });
            firsts.push(at);
        }
        Self { batch: Batch::new(cache, shell, wants), places, firsts }
    }

    /// Notes what became of runs; what the call is to return if one has failed.
    pub(super) fn note<R>(&mut self, ends: Vec<End<H::Value, R>>) -> Option<R> {
        let mut failed = None;
        for end in ends {
            match end {
                Ok(known) => self.batch.learn(known),
                Err(returned) => failed = failed.or(Some(returned)),
            }
        }
        failed
    }

    /// Whether all is known.
    pub(super) fn is_complete(&self) -> bool {
        self.batch.known().iter().all(|known| matches!(known, Known::Value(_) | Known::Absent))
    }

    /// Whether there is a value of any item.
    pub(super) fn has_values(&self) -> bool {
        let in_memory = self.places.iter().any(|place| matches!(place, Place::Memory(_)));
        in_memory || self.batch.known().iter().any(|known| matches!(known, Known::Value(_)))
    }

    /// The value of each item, if there is one.
    pub(super) fn into_values(self) -> Vec<Option<H::Value>> {
        let mut known = self.batch.into_known();
        let mut uses = vec![0_usize; known.len()];
        for place in &self.places {
            if let Place::Wanted(want) = place {
                uses[*want] += 1;
            }
        }
        let mut value_of = |want: usize| {
            uses[want] -= 1;
            // Cloned for an item that comes again.
            let value = if uses[want] > 0 { known[want].clone() } else { std::mem::take(&mut known[want]) };
            if let Known::Value(value) = value { Some(value) } else { None }
        };
        let value = |place| match place {
            Place::Memory(value) => Some(value),
            Place::Wanted(want) => value_of(want),
        };
        self.places.into_iter().map(value).collect()
    }
}
