//! A cache of one function, typed: memory in front, stores behind, one load per key at a time.

mod batch;
mod behind;
mod change;
mod coherence;
mod entry;
mod errors;
mod holdoff;
mod leader;
mod lease;
mod load;
mod lookup;
mod memory;
mod part;
mod permit;
mod revisions;
mod several;
mod ship;
mod shipment;
mod stores;
mod watch;
mod write;

use std::{any::Any, fmt};

use coherence::Marks;
use errors::Errors;
use holdoff::HoldOffs;

pub(crate) use batch::{Batch, Known, Lead, Ruling, Want};
pub(crate) use behind::Waited;
pub(crate) use change::Changed;
pub use entry::{Explanation, Info, Keyed, LocalOperations, Outlook, SharedOperations, Source};
pub use leader::{Ended, Leader};
pub(crate) use lookup::Caller;
pub use lookup::{Asked, Lookup};
pub use revisions::{RevisedOperations, Which};
pub use several::{LocalManyOperations, Several, SharedManyOperations};

use crate::{
    clock::Clock,
    codec::Codec,
    core::{Core, LocalShare, Member},
    fence::{Began, Fence, Generation},
    flight::Flight,
    key::parts::Key,
    memory::{
        expiry::Expiries,
        held::Held,
        table::{Bound, Table},
    },
    previous,
    strategy::{Transform, hook::Transforms, life::Terms},
    sync::{Arc, OnceLock, Weak},
};

/// The typed half of a cache. One exists for each instantiation of a function.
pub struct Cache<O, H: Held, T> {
    table: Option<T>,
    /// The clock and the generation of `core`, where a hit finds them at once.
    clock: Clock,
    generation: Arc<Generation>,
    core: Arc<Core>,
    fence: Arc<Fence<O, Landing<H>>>,
    codec: Option<Codec<O, H::Value>>,
    seen: fn(&H::Value) -> Terms,
    weigh: fn(&H::Value) -> u64,
    expiries: Expiries,
    /// Whether strategies of the user decide about hits, or change them.
    watched: bool,
    /// Whether values are loaded anew before they are of no use.
    renews: bool,
    /// When loads of keys that have failed are tried again.
    holdoffs: HoldOffs,
    /// The errors that answer calls, if any do.
    errors: Option<Errors<O>>,
    /// Whether there is nothing but memory, so that only the load of another is ever waited for.
    simple: bool,
    transforms: Vec<Arc<dyn Transform<H::Value>>>,
    /// Shows an old value to the body.
    shown: Option<fn(H::Value) -> previous::Shown>,
    /// The cache as others know it, if threads share it.
    member: OnceLock<Weak<dyn Member>>,
    /// What it counts for if it belongs to one thread.
    share: LocalShare,
    /// What stores that tell of changes by others call its keys.
    marks: Marks<O>,
    /// What the callers of the function have in common.
    beside: OnceLock<Box<dyn Any + Send + Sync>>,
}

/// The load in flight at a key, and when it took off.
type Landing<H> = Option<(Began, Arc<Flight<H>>)>;

/// What a function's attribute says that depends on its types.
pub struct Typed<O, V> {
    pub(crate) codec: Option<Codec<O, V>>,
    pub(crate) seen: fn(&V) -> Terms,
    pub(crate) weigh: fn(&V) -> u64,
    pub(crate) transforms: Transforms<V>,
    /// Shows an old value to the body.
    pub(crate) shown: Option<fn(V) -> previous::Shown>,
}

impl<O, V> fmt::Debug for Typed<O, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Typed").finish_non_exhaustive()
    }
}

impl<O, H: Held, T> fmt::Debug for Cache<O, H, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("name", &self.core.name).finish_non_exhaustive()
    }
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Cache<O, H, T> {
    pub(crate) fn new(core: Arc<Core>, typed: Typed<O, H::Value>) -> Arc<Self> {
        let transforms = (typed.transforms)();
        Arc::new(Self {
            watched: !core.config.strategies.is_empty() || !transforms.is_empty(),
            renews: core.config.life.renews(),
            holdoffs: HoldOffs::default(),
            errors: core.config.error_ttl.map(Errors::new),
            simple: core.strategies.is_empty()
                && core.gate.is_none()
                && transforms.is_empty()
                && !core.has_stores()
                && !core.off
                && !core.config.life.lingers()
                && core.config.error_ttl.is_none()
                && !core.config.tagged,
            transforms,
            shown: typed.shown,
            table: core.bound.map(T::with_bound),
            clock: core.clock.clone(),
            generation: Arc::clone(&core.generation),
            fence: Fence::new(Arc::clone(&core.generation)),
            codec: typed.codec,
            seen: typed.seen,
            weigh: typed.weigh,
            expiries: Expiries::default(),
            member: OnceLock::new(),
            share: LocalShare::new(Arc::clone(&core)),
            marks: Marks::default(),
            beside: OnceLock::new(),
            core,
        })
    }

    /// Shares the cache between threads.
    pub(crate) fn share(self: &Arc<Self>)
    where
        Self: Member,
    {
        let weak = Arc::downgrade(self);
        let member: Weak<dyn Member> = weak;
        self.core.join(Weak::clone(&member));
        let _ = self.member.set(member);
    }

    /// What the callers of the function have in common, which is of one type.
    pub(crate) fn beside<B: Default + Send + Sync + 'static>(&self) -> Option<&B> {
        self.beside.get_or_init(|| Box::new(B::default())).downcast_ref()
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Whether it belongs to one thread.
    fn is_local(&self) -> bool {
        self.member.get().is_none()
    }

    /// What an entry counts against the bound of memory.
    fn weight(&self, value: &H::Value) -> u64 {
        match self.core.bound {
            Some(bound @ Bound::Bytes(_)) => {
                bound.weight((self.weigh)(value).saturating_add(size_of::<Key<O>>() as u64 + 64))
            }
            _ => 1,
        }
    }
}
