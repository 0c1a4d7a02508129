//! Several keys of a cache, for those who look at them or change them without calling the function.

use std::{fmt, pin::pin, rc::Rc};

use super::{
    Asked, Cache, Keyed, Leader,
    entry::{Kept, Sent},
    load::Load,
    stores::Sought,
    write::Placing,
};
use crate::{
    bridge::Shell,
    core::Removal,
    flight::{Crew, Outcome, Pilot},
    key::parts::Key,
    memory::{
        held::{Held, HeldByAll},
        table::Table,
    },
    observe::{Span, Verdict},
    scope::CallOptions,
    strategy::{Verdict as Said, life::Terms},
    sync::Arc,
    tags,
};

/// Keys of a cache, and what is said about the value of each.
pub struct Several<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> {
    cache: Arc<Cache<O, H, T>>,
    keys: Vec<Key<O>>,
    terms: Vec<Terms>,
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> fmt::Debug for Several<O, H, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Several").field("cache", &self.cache).finish_non_exhaustive()
    }
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Several<O, H, T> {
    pub(crate) fn new(cache: &Arc<Cache<O, H, T>>, keys: Vec<(Key<O>, Terms)>) -> Self {
        let (keys, terms): (Vec<_>, Vec<_>) = keys.into_iter().unzip();
        let ruled = cache.core.ruling.ttl();
        let terms = terms.into_iter().map(|terms| terms.ruled(ruled)).collect();
        Self { cache: Arc::clone(cache), keys, terms }
    }

    fn at(&self, at: usize) -> Keyed<O, H, T> {
        Keyed::new(Arc::clone(&self.cache), self.keys[at].clone(), self.terms[at].clone())
    }

    /// The same keys for a call with these options.
    fn given(&self, options: &Arc<CallOptions>) -> Self {
        let terms = self.terms.iter().map(|terms| self.cache.with_options(terms.clone(), Some(options)));
        Self { cache: Arc::clone(&self.cache), keys: self.keys.clone(), terms: terms.collect() }
    }

    /// The values that are fresh. Loads nothing, counts nothing.
    pub(crate) async fn peek(&self, shell: Shell) -> Vec<Option<H::Value>> {
        let cache = &self.cache;
        let mut values: Vec<_> = self.keys.iter().map(|_| None).collect();
        let mut stored = Vec::new();
        for (at, key) in self.keys.iter().enumerate().filter(|(_, key)| cache.may_read(key.hash)) {
            match cache.visible_slot(key, &self.terms[at]) {
                Some(slot) => values[at] = Some(slot.held.value()),
                None => stored.extend(cache.stored_key(key).map(|stored| (at, stored))),
            }
        }
        let sought = stored.iter().map(|(at, key)| self.sought(*at, key));
        let readings = cache.read_all(shell, &sought.collect::<Vec<_>>()).await;
        for ((at, _), reading) in stored.iter().zip(readings) {
            values[*at] = reading.served().map(|found| found.value);
        }
        values.into_iter().map(|value| cache.outward(value?)).collect()
    }

    fn sought<'a>(&'a self, at: usize, key: &'a super::stores::StoredKey) -> Sought<'a> {
        Sought { key, hash: self.keys[at].hash, terms: &self.terms[at] }
    }

    /// Which of the values are there.
    pub(crate) async fn contains(&self, shell: Shell) -> Vec<bool> {
        self.peek(shell).await.iter().map(Option::is_some).collect()
    }

    /// The values that are fresh, which go to the tiers above the one that has them. Counts hits and misses.
    pub(crate) async fn seek(&self, shell: Shell, asked: &[Asked]) -> Vec<Option<H::Value>> {
        let cache = &self.cache;
        let readable = (0..self.keys.len()).filter(|at| asked[*at] != Asked::Refused);
        let readable: Vec<_> = readable.collect();
        let loads = readable.iter().map(|at| {
            let (seat, ()) = cache.fence.enter(&self.keys[*at], |_, _| ());
            Load::new(cache, self.keys[*at].clone(), seat, None, self.terms[*at].clone())
        });
        let (span, crew) = (Span::of(&cache.core.name), Crew::of(&Arc::new(Pilot::new(shell))));
        let mut leader = Leader::of(cache, loads.collect(), crew, None).in_span(&span);
        let found = leader.look_for_all(shell).await;
        let found: Vec<_> =
            found.into_iter().enumerate().map(|(at, value)| value.or_else(|| leader.due_value(at))).collect();
        // Nobody follows: the lead is given up, and no load has failed.
        leader.land(Outcome::Failed(None));
        let mut values: Vec<_> = self.keys.iter().map(|_| None).collect();
        readable.into_iter().zip(found).for_each(|(at, value)| values[at] = value);
        let missing = values.iter().filter(|value| value.is_none()).count();
        cache.core.counters.misses.add(missing as u64);
        if missing > 0 {
            span.end(Verdict::Absent);
        }
        values
    }

    /// Puts values as if bodies had returned them, and says how many are kept.
    pub(crate) async fn insert(&self, shell: Shell, values: Vec<H::Value>) -> u64 {
        let cache = &self.cache;
        let (mut kept, mut refused) = (Vec::new(), Vec::new());
        for (at, value) in values.into_iter().enumerate().take(self.keys.len()) {
            let keyed = self.at(at);
            match keyed.drafted(&value) {
                Some(drafted) => kept.push((at, keyed, drafted, value)),
                None => refused.push(self.keys[at].clone()),
            }
        }
        if !refused.is_empty() {
            cache.invalidate_all(shell, &refused).await;
        }
        let seats: Vec<_> = kept.iter().map(|(at, ..)| cache.fence.enter(&self.keys[*at], |_, _| ()).0).collect();
        let mut placings = Vec::with_capacity(kept.len());
        for (seat, (at, keyed, (changed, draft), value)) in seats.iter().zip(&kept) {
            let tagged = cache.tagged(&keyed.terms, changed.or(value), tags::now());
            let mut new = keyed.new_value(changed.or(value), *draft, tagged);
            new.tokens = cache.learn_all(shell, &self.terms[*at], &new.tagged).await;
            new.tagged = new.tagged.renewed();
            placings.push(Placing { seat, key: &self.keys[*at], new });
        }
        let stored = cache.overwrite_all(shell, placings).await;
        drop(seats);
        let mut count = 0;
        for ((_, keyed, _, value), stored) in kept.into_iter().zip(stored) {
            // What came between is only heard of where stores tell of others; then once more, alone.
            let again = !stored && cache.core.hears_of_others();
            count += u64::from(stored || (again && keyed.insert(shell, value).await));
        }
        count
    }

    /// Removes the values, unless a strategy forbids it. What is said is the worst that became of any.
    pub(crate) async fn invalidate(&self, shell: Shell) -> Removal {
        self.invalidate_after(shell, async {}).await.0.into_iter().fold(Removal::Absent, Removal::and)
    }

    /// The same. Says how many fresh values were there.
    pub(crate) async fn delete(&self, shell: Shell) -> u64 {
        // What a store still has past its time was not there any more; of memory the removals say so.
        let look = async {
            if self.cache.core.has_stores() { self.contains(shell).await } else { vec![true; self.keys.len()] }
        };
        let (removals, there) = self.invalidate_after(shell, pin!(look)).await;
        let gone = removals.iter().zip(there).filter(|(removal, there)| *there && removal.is_done());
        gone.count() as u64
    }

    async fn invalidate_after<R>(&self, shell: Shell, look: impl Future<Output = R>) -> (Vec<Removal>, R) {
        let core = &self.cache.core;
        let call = |at: usize| core.call(Some(self.keys[at].hash), self.terms[at].partition);
        let may = |at: &usize| core.strategies.is_empty() || core.strategies.ask_remove(&call(*at)) == Said::Proceed;
        let places: Vec<_> = (0..self.keys.len()).filter(may).collect();
        let keys: Vec<_> = places.iter().map(|at| self.keys[*at].clone()).collect();
        let mut removals = vec![Removal::Refused; self.keys.len()];
        let (each, seen) = self.cache.invalidate_all_after(shell, &keys, look).await;
        for (at, removal) in places.into_iter().zip(each) {
            removals[at] = removal;
            if !core.strategies.is_empty() {
                core.strategies.commit_remove(&call(at));
            }
        }
        (removals, seen)
    }
}

/// The operations of several keys, free of their types but the values'.
macro_rules! operations {
    ($trait:ident, $pointer:ident<$object:ty>, $future:ident, $held:ident, [$($send:tt)*], {
        $(fn $name:ident(&self, shell: Shell $(, $argument:ident: $type:ty)?) -> $output:ty;)*
    }) => {
        /// What can be done with several keys of a cache.
        pub trait $trait<V: 'static> {
            $(
                #[doc(hidden)]
                fn $name(&self, shell: Shell $(, $argument: $type)?) -> $future<'_, $output>;
            )*

            /// The same keys for a call with these options.
            #[doc(hidden)]
            fn given(&self, options: &Arc<CallOptions>) -> $pointer<$object>;
        }

        impl<V, O, H, T> $trait<V> for Several<O, H, T>
        where
            V: 'static,
            O: Eq + Clone $($send)* + 'static,
            H: $held<Value = V>,
            T: Table<O, H> $($send)*,
        {
            $(fn $name(&self, shell: Shell $(, $argument: $type)?) -> $future<'_, $output> {
                Box::pin(self.$name(shell $(, $argument)?))
            })*

            fn given(&self, options: &Arc<CallOptions>) -> $pointer<$object> {
                $pointer::new(Several::given(self, options))
            }
        }
    };
}

macro_rules! all_operations {
    ($trait:ident, $pointer:ident<$object:ty>, $future:ident, $held:ident, [$($send:tt)*]) => {
        operations!($trait, $pointer<$object>, $future, $held, [$($send)*], {
            fn peek(&self, shell: Shell) -> Vec<Option<V>>;
            fn contains(&self, shell: Shell) -> Vec<bool>;
            fn invalidate(&self, shell: Shell) -> Removal;
            fn insert(&self, shell: Shell, values: Vec<V>) -> u64;
        });
    };
}

all_operations!(SharedManyOperations, Arc<dyn SharedManyOperations<V> + Send + Sync>, Sent, HeldByAll, [+ Send + Sync]);
all_operations!(LocalManyOperations, Rc<dyn LocalManyOperations<V>>, Kept, Held, []);
