//! One key of a cache, for those who look at it or change it without calling the function.

use std::{
    fmt,
    future::Future,
    pin::{Pin, pin},
    rc::Rc,
    time::Duration,
};

use super::{
    Cache,
    stores::{Found, Reading, StoredKey},
    write::Placing,
};
use crate::{
    bridge::Shell,
    core::{Hearing, Removal},
    key::parts::Key,
    memory::{
        held::{Held, HeldByAll},
        slot::Slot,
        table::Table,
    },
    scope::CallOptions,
    strategy::{
        Draft, Verdict,
        life::{Age, Terms},
    },
    sync::Arc,
    tags::{self, Tagged},
};

/// Where a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// In memory.
    Memory,
    /// In this store.
    Store(String),
}

/// What is known about a cached value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// Where it is.
    pub source: Source,
    /// How long ago it was stored.
    pub age: Duration,
    /// How much longer it is fresh; `None` if it does not expire.
    pub fresh_for: Option<Duration>,
    /// How long its load took.
    pub load_time: Duration,
}

/// What a call would find.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// The name of the cache.
    pub cache: String,
    /// The key as stores write it; `None` for a cache without stores.
    pub stored_key: Option<String>,
    /// Where values are looked for, in this order.
    pub places: Vec<String>,
    /// What would become of the call.
    pub outlook: Outlook,
    /// The value that is there: to be returned, or to stand in.
    pub found: Option<Info>,
}

/// What would become of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outlook {
    /// The value is fresh, and would be returned.
    Hit,
    /// The value answers calls, and is to be loaded anew: by the call itself, or in the background.
    Due,
    /// The body would run; the value stands in where it fails, or is late.
    Stale,
    /// The body would run.
    Absent,
    /// A strategy lets nothing be read, so the body would run.
    Refused,
    /// The cache is switched off, so the body would run.
    Off,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Store(store) => f.write_str(store),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.cache)?;
        match (self.outlook, &self.found) {
            (Outlook::Off, _) => f.write_str("switched off, the body would run")?,
            (Outlook::Refused, _) => f.write_str("not to be read, the body would run")?,
            (_, None) => f.write_str("not cached, the body would run")?,
            (Outlook::Stale, Some(info)) => {
                write!(f, "past its time, the body would run; what is in {}, ", info.source)?;
                write!(f, "{:?} old, stands in if it fails", rounded(info.age))?;
            }
            (outlook, Some(info)) => {
                write!(f, "a hit from {}, {:?} old, ", info.source, rounded(info.age))?;
                match info.fresh_for {
                    Some(Duration::ZERO) => f.write_str("past its time")?,
                    Some(left) => write!(f, "fresh for {:?}", rounded(left))?,
                    None => f.write_str("with no end")?,
                }
                if outlook == Outlook::Due {
                    f.write_str(", to be loaded anew")?;
                }
            }
        }
        match &self.stored_key {
            Some(key) => write!(f, " (stored as {key})"),
            None => Ok(()),
        }
    }
}

/// To the next millisecond, which is as much as people want to read.
fn rounded(time: Duration) -> Duration {
    Duration::from_millis(u64::try_from(time.as_micros().div_ceil(1000)).unwrap_or(u64::MAX))
}

/// How often a value is put where others change the entry all the time.
const TRIES: u32 = 8;

/// A key of a cache.
pub struct Keyed<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> {
    pub(super) cache: Arc<Cache<O, H, T>>,
    pub(super) key: Key<O>,
    pub(super) terms: Terms,
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> fmt::Debug for Keyed<O, H, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyed").field("cache", &self.cache).finish_non_exhaustive()
    }
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Keyed<O, H, T> {
    pub(crate) fn new(cache: Arc<Cache<O, H, T>>, key: Key<O>, terms: Terms) -> Self {
        Self { cache, key, terms }
    }

    pub(crate) async fn peek(&self, shell: Shell) -> Option<H::Value> {
        self.cache.outward(self.kept(shell).await?.0)
    }

    /// The value as it is kept, and its tags.
    async fn kept(&self, shell: Shell) -> Option<(H::Value, Tagged)> {
        if !self.cache.may_read(self.key.hash) {
            return None;
        }
        if let Some(slot) = self.cache.visible_slot(&self.key, &self.terms) {
            let tagged = slot.facts().map(|facts| facts.tagged.clone()).unwrap_or_default();
            return Some((slot.held.value(), tagged));
        }
        let found = self.found(shell).await?;
        Some((found.value, found.tagged))
    }

    pub(crate) async fn info(&self, shell: Shell) -> Option<Info> {
        if !self.cache.may_read(self.key.hash) {
            return None;
        }
        match self.cache.visible_slot(&self.key, &self.terms).and_then(|slot| self.info_of_slot(&slot)) {
            Some(info) => Some(info),
            None => Some(self.info_of(&self.found(shell).await?)),
        }
    }

    fn info_of_slot(&self, slot: &Slot<H>) -> Option<Info> {
        let (core, facts) = (&self.cache.core, slot.facts()?);
        Some(Info {
            source: Source::Memory,
            age: core.clock.stamp().since(facts.created),
            fresh_for: slot.mortal().then(|| slot.deadline().since(core.clock.tick())),
            load_time: facts.load_time,
        })
    }

    fn info_of(&self, found: &Found<H::Value>) -> Info {
        let core = &self.cache.core;
        Info {
            source: Source::Store(core.tiers()[found.tier].describe().unwrap_or_default()),
            age: core.clock.stamp().since(found.times.created),
            fresh_for: (found.left != Duration::MAX).then_some(found.left),
            load_time: found.times.load_time,
        }
    }

    pub(crate) async fn explain(&self, shell: Shell) -> Explanation {
        let core = &self.cache.core;
        let (outlook, found) = self.outlook(shell).await;
        let memory = self.cache.table.is_some().then(|| Source::Memory.to_string());
        let stores = core.tiers().iter().map(|tier| tier.describe().unwrap_or_default());
        Explanation {
            cache: core.name.to_string(),
            stored_key: self.stored().map(|key| key.name().to_owned()),
            places: memory.into_iter().chain(stores).collect(),
            outlook,
            found,
        }
    }

    async fn outlook(&self, shell: Shell) -> (Outlook, Option<Info>) {
        let cache = &self.cache;
        if cache.core.off {
            return (Outlook::Off, None);
        }
        if !cache.may_read(self.key.hash) {
            return (Outlook::Refused, None);
        }
        let in_memory = cache.old(&self.key, &self.terms).zip(cache.full_slot(&self.key));
        let in_memory = in_memory.and_then(|((_, age), slot)| Some((age, self.info_of_slot(&slot)?)));
        let stale = match in_memory {
            Some((Age::Fresh, info)) => return (Outlook::Hit, Some(info)),
            Some((Age::Due, info)) => return (Outlook::Due, Some(info)),
            Some((Age::Stale, info)) => Some(info),
            _ => None,
        };
        let reading = match self.stored() {
            Some(stored) => cache.read(shell, (&stored, self.key.hash), &self.terms).await,
            None => Reading::default(),
        };
        let info = |found: Option<&Found<H::Value>>| found.map(|found| self.info_of(found));
        match reading {
            Reading { fresh: Some(found), .. } => (Outlook::Hit, info(Some(&found))),
            Reading { due: Some(found), .. } => (Outlook::Due, info(Some(&found))),
            Reading { stale: found, .. } => {
                let found = found.filter(|(age, _)| *age == Age::Stale).map(|(_, found)| found);
                let stale = stale.or_else(|| info(found.as_ref()));
                (if stale.is_some() { Outlook::Stale } else { Outlook::Absent }, stale)
            }
        }
    }

    pub(crate) async fn invalidate(&self, shell: Shell) -> Removal {
        self.invalidate_after(shell, async {}).await.0
    }

    /// The same. Says whether a fresh value was there.
    pub(crate) async fn delete(&self, shell: Shell) -> bool {
        // What a store still has past its time was not there any more; of memory the removal says so.
        let look = async { !self.cache.core.has_stores() || self.info(shell).await.is_some() };
        let (removal, there) = self.invalidate_after(shell, pin!(look)).await;
        removal.is_done() && there == Some(true)
    }

    /// Nothing comes back of `look` if a strategy forbids the removal.
    async fn invalidate_after<R>(&self, shell: Shell, look: impl Future<Output = R>) -> (Removal, Option<R>) {
        let core = &self.cache.core;
        let call = || core.call(Some(self.key.hash), self.terms.partition);
        if !core.strategies.is_empty() && core.strategies.ask_remove(&call()) == Verdict::Refuse {
            return (Removal::Refused, None);
        }
        let (removal, seen) = self.cache.invalidate_after(shell, &self.key, look).await;
        if !core.strategies.is_empty() {
            core.strategies.commit_remove(&call());
        }
        (removal, Some(seen))
    }

    pub(crate) async fn insert(&self, shell: Shell, value: H::Value) -> bool {
        let Some((kept, draft)) = self.drafted(&value) else {
            self.cache.invalidate(shell, &self.key).await;
            return false;
        };
        let mut tries = 0;
        loop {
            let hearing = self.hearing();
            let (seat, ()) = self.cache.fence.enter(&self.key, |_, _| ());
            let tagged = self.cache.tagged(&self.terms, kept.or(&value), tags::now());
            let mut new = self.new_value(kept.or(&value), draft, tagged);
            new.tokens = self.cache.learn_all(shell, &self.terms, &new.tagged).await;
            new.tagged = new.tagged.renewed();
            let placing = Placing { seat: &seat, key: &self.key, new };
            let stored = self.cache.overwrite(shell, placing).await;
            tries += 1;
            // What others did before this began, and what is only heard of now, is older than the value.
            if stored || tries == TRIES || !hearing.is_some_and(|hearing| hearing.has_changed()) {
                return stored;
            }
        }
    }

    fn hearing(&self) -> Option<Arc<Hearing>> {
        if self.cache.core.hears_of_others() { self.cache.hearing(&self.stored()?) } else { None }
    }

    pub(crate) async fn expire_in(&self, shell: Shell, life: Duration) -> bool {
        // The seat comes before the read: what is invalidated or replaced meanwhile must not come back.
        let (seat, ()) = self.cache.fence.enter(&self.key, |_, _| ());
        let seat = seat.tentative();
        let stores = self.cache.core.tiers().len();
        let mut terms = self.terms.clone();
        let (value, tokens, tagged) = loop {
            let tokens = self.cache.learn(shell, std::iter::once(&terms), stores).await;
            let since = tags::now();
            let Some((value, there)) = self.kept(shell).await else { return false };
            let tagged = self.cache.tagged(&terms, &value, since);
            if tagged.has_all(there.tags()) {
                break (value, tokens, tagged);
            }
            // What they are worth must be known before the value is read.
            terms = terms.tagged(there.tags().clone());
            self.cache.core.note_tags();
        };
        if life.is_zero() {
            return self.invalidate(shell).await.is_done();
        }
        let draft = Draft { lifetime: life, load_time: Duration::ZERO, none: false, inserted: true };
        let Some(draft) = self.cache.approved(&self.key, &terms, draft) else { return false };
        let mut new = self.new_value(&value, draft, tagged);
        new.tokens = self.cache.learn_more(shell, tokens, &new.tagged).await;
        self.cache.put(shell, Placing { seat: &seat, key: &self.key, new }).await
    }

    /// The same key for a call with these options.
    pub(crate) fn given(&self, options: &Arc<CallOptions>) -> Self {
        let terms = self.cache.with_options(self.terms.clone(), Some(options));
        Self::new(Arc::clone(&self.cache), self.key.clone(), terms)
    }

    pub(super) fn stored(&self) -> Option<StoredKey> {
        self.cache.stored_key(&self.key)
    }

    /// What a store has, if it is within its time.
    async fn found(&self, shell: Shell) -> Option<Found<H::Value>> {
        let reading = self.cache.read(shell, (&self.stored()?, self.key.hash), &self.terms).await;
        reading.served().filter(|found| !found.left.is_zero())
    }
}

/// A future that may move to another thread.
pub(super) type Sent<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
/// A future that stays on its thread.
pub(super) type Kept<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// The operations of a key, free of its types but the value's.
macro_rules! operations {
    ($trait:ident, $pointer:ident<$object:ty>, $future:ident, $held:ident, [$($send:tt)*], {
        $(fn $name:ident(&self, shell: Shell $(, $argument:ident: $type:ty)?) -> $output:ty;)*
    }) => {
        /// What can be done with one key of a cache.
        pub trait $trait<V: 'static> {
            $(
                #[doc(hidden)]
                fn $name(&self, shell: Shell $(, $argument: $type)?) -> $future<'_, $output>;
            )*

            /// The same key for a call with these options.
            #[doc(hidden)]
            fn given(&self, options: &Arc<CallOptions>) -> $pointer<$object>;
        }

        impl<V, O, H, T> $trait<V> for Keyed<O, H, T>
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
                $pointer::new(Keyed::given(self, options))
            }
        }
    };
}

macro_rules! all_operations {
    ($trait:ident, $pointer:ident<$object:ty>, $future:ident, $held:ident, [$($send:tt)*]) => {
        operations!($trait, $pointer<$object>, $future, $held, [$($send)*], {
            fn peek(&self, shell: Shell) -> Option<V>;
            fn info(&self, shell: Shell) -> Option<Info>;
            fn explain(&self, shell: Shell) -> Explanation;
            fn invalidate(&self, shell: Shell) -> Removal;
            fn insert(&self, shell: Shell, value: V) -> bool;
            fn expire_in(&self, shell: Shell, life: Duration) -> bool;
        });
    };
}

all_operations!(SharedOperations, Arc<dyn SharedOperations<V> + Send + Sync>, Sent, HeldByAll, [+ Send + Sync]);
all_operations!(LocalOperations, Rc<dyn LocalOperations<V>>, Kept, Held, []);
