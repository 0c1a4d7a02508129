//! Where the caches of a function live: one untyped `static`, or a field. Types are inferred at the call.

use std::{
    any::{Any, TypeId},
    fmt,
    marker::PhantomData,
    thread::LocalKey,
};

use crate::{
    cache::{Cache, Typed},
    codec::Codecs,
    core::{Config, Core},
    memory::{
        held::Held,
        table::{LocalTable, SharedTable, Table},
    },
    strategy::life::Terms,
    sync::{Arc, Mutex, OnceLock, lock},
};

/// The caches of one function, or of the methods that name this field with `site = self.field`.
///
/// A field of this type keeps the caches of an instance: they are fresh in a clone, and go with the instance.
///
/// ```
/// # use cacher_core::site::Site;
/// #[derive(Default)]
/// struct Client {
///     cache: Site,
/// }
/// ```
#[derive(Default)]
pub struct Site {
    caches: Chain<dyn Any + Send + Sync>,
    cores: Cores,
}

/// The caches of one function on one thread.
#[derive(Default)]
pub struct LocalSite {
    caches: Chain<dyn Any>,
}

impl Site {
    /// No caches yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { caches: Chain::new(), cores: Cores(Mutex::new(Vec::new())) }
    }

    /// The untyped halves of the caches used so far.
    pub(crate) fn cores(&self) -> Vec<Arc<Core>> {
        lock(&self.cores.0).iter().map(|(_, core)| Arc::clone(core)).collect()
    }

    /// The untyped half of the cache of a function.
    pub(crate) fn core<M: 'static>(&self, configure: fn() -> Config) -> Arc<Core> {
        let owner = TypeId::of::<M>();
        if let Some(core) = self.cores.get(owner) {
            return core;
        }
        // Runs the user's code, so no lock is held. Of two that were made at the same time the first stays.
        let made = Core::new(std::any::type_name::<M>(), owner, configure());
        self.cores.add(owner, made)
    }
}

impl LocalSite {
    /// No caches yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { caches: Chain::new() }
    }
}

impl Clone for Site {
    /// A site of its own: a clone of an instance begins with nothing cached.
    fn clone(&self) -> Self {
        Self::new()
    }
}

macro_rules! opaque {
    ($($name:ident),*) => { $(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )* };
}

opaque!(Site, LocalSite);

#[derive(Default)]
struct Cores(Mutex<Vec<(TypeId, Arc<Core>)>>);

impl Cores {
    fn get(&self, owner: TypeId) -> Option<Arc<Core>> {
        lock(&self.0).iter().find(|(id, _)| *id == owner).map(|(_, core)| Arc::clone(core))
    }

    fn add(&self, owner: TypeId, made: Arc<Core>) -> Arc<Core> {
        let mut cores = lock(&self.0);
        if let Some((_, first)) = cores.iter().find(|(id, _)| *id == owner) {
            let first = Arc::clone(first);
            drop(cores);
            return first;
        }
        cores.push((owner, Arc::clone(&made)));
        made
    }
}

/// Caches by their types. It only grows, so a walk takes no lock; the first instantiation is found at once.
struct Chain<A: ?Sized> {
    first: OnceLock<Box<Link<A>>>,
}

struct Link<A: ?Sized> {
    id: TypeId,
    cache: Arc<A>,
    next: OnceLock<Box<Link<A>>>,
}

impl<A: ?Sized> Default for Chain<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: ?Sized> Chain<A> {
    const fn new() -> Self {
        Self { first: OnceLock::new() }
    }

    #[inline]
    fn get(&self, id: TypeId) -> Option<&A> {
        let mut link = self.first.get()?;
        while link.id != id {
            link = link.next.get()?;
        }
        Some(&*link.cache)
    }

    /// Adds a cache, unless there is one of these types.
    fn add(&self, id: TypeId, cache: Arc<A>) {
        let mut slot = &self.first;
        let mut new = Box::new(Link { id, cache, next: OnceLock::new() });
        while let Err(mine) = slot.set(new) {
            let Some(link) = slot.get() else { return };
            if link.id == id {
                return;
            }
            slot = &link.next;
            new = mine;
        }
    }
}

/// A function as its attribute describes it. `M` is a marker type inside the function, `H` how its values are held,
/// `C` whether they are stored.
pub struct Shape<M, H: Held, C> {
    configure: fn() -> Config,
    seen: fn(&H::Value) -> Terms,
    weigh: fn(&H::Value) -> u64,
    types: PhantomData<Types<M, H, C>>,
}

type Types<M, H, C> = fn() -> (M, H, C);

/// A [`Shape`] whose marker and holder cannot be named.
pub trait Recipe {
    /// What tells the function and its type parameters from others.
    type Marker: 'static;
    /// How values are held.
    type Held: Held;
    /// Whether values are stored.
    type Codec;
    #[doc(hidden)]
    fn configure(&self) -> fn() -> Config;
    #[doc(hidden)]
    fn typed<O>(&self) -> Typed<O, <Self::Held as Held>::Value>
    where
        Self::Codec: Codecs<O, <Self::Held as Held>::Value>;
}

impl<M, H: Held, C> Shape<M, H, C> {
    /// A function that is set up by `configure`, once.
    #[inline]
    pub fn new(configure: fn() -> Config, seen: fn(&H::Value) -> Terms, weigh: fn(&H::Value) -> u64) -> Self {
        Self { configure, seen, weigh, types: PhantomData }
    }
}

impl<M, H: Held, C> fmt::Debug for Shape<M, H, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shape").finish_non_exhaustive()
    }
}

impl<M: 'static, H: Held, C> Recipe for Shape<M, H, C> {
    type Marker = M;
    type Held = H;
    type Codec = C;
    #[inline]
    fn configure(&self) -> fn() -> Config {
        self.configure
    }
    fn typed<O>(&self) -> Typed<O, H::Value>
    where
        C: Codecs<O, H::Value>,
    {
        Typed { codec: C::codec(), seen: self.seen, weigh: self.weigh }
    }
}

/// A place for caches: a site that threads share, or one of each thread.
pub trait Home<O, H: Held>: Copy {
    /// The table of a cache there.
    type Table: Table<O, H>;
    #[doc(hidden)]
    fn with<R, T>(self, recipe: &R, look: impl FnOnce(&Cache<O, H, Self::Table>) -> T) -> T
    where
        R: Recipe<Held = H, Codec: Codecs<O, H::Value>>;
}

impl<O, H> Home<O, H> for &Site
where
    O: Eq + Clone + Send + Sync + 'static,
    H: Held<Value: Send + Sync> + Send + Sync,
{
    type Table = SharedTable<O, H>;

    #[inline]
    fn with<R, T>(self, recipe: &R, look: impl FnOnce(&Cache<O, H, Self::Table>) -> T) -> T
    where
        R: Recipe<Held = H, Codec: Codecs<O, H::Value>>,
    {
        let id = TypeId::of::<(R::Marker, O, H)>();
        let found = self.caches.get(id).and_then(<dyn Any + Send + Sync>::downcast_ref);
        look(found.unwrap_or_else(|| make_shared(self, recipe, id)))
    }
}

#[cold]
fn make_shared<'a, O, H, R>(site: &'a Site, recipe: &R, id: TypeId) -> &'a Cache<O, H, SharedTable<O, H>>
where
    O: Eq + Clone + Send + Sync + 'static,
    H: Held + Send + Sync,
    R: Recipe<Held = H, Codec: Codecs<O, H::Value>>,
{
    let core = site.core::<R::Marker>(recipe.configure());
    let cache: Arc<Cache<O, H, SharedTable<O, H>>> = Cache::new(core, recipe.typed());
    cache.share();
    site.caches.add(id, cache);
    let found = site.caches.get(id).and_then(<dyn Any + Send + Sync>::downcast_ref);
    found.unwrap_or_else(|| unreachable!("a cache of these types was added"))
}

/// A site of each thread, and the one that all of them share.
#[derive(Clone, Copy, Debug)]
pub struct PerThread {
    /// The untyped half.
    pub shared: &'static Site,
    /// The tables.
    pub local: &'static LocalKey<LocalSite>,
}

impl<O, H> Home<O, H> for PerThread
where
    O: Eq + Clone + 'static,
    H: Held,
{
    type Table = LocalTable<O, H>;

    #[inline]
    fn with<R, T>(self, recipe: &R, look: impl FnOnce(&Cache<O, H, Self::Table>) -> T) -> T
    where
        R: Recipe<Held = H, Codec: Codecs<O, H::Value>>,
    {
        let id = TypeId::of::<(R::Marker, O, H)>();
        let mut look = Some(look);
        let looked = self.local.try_with(|local| {
            let found = local.caches.get(id).and_then(<dyn Any>::downcast_ref);
            look.take().map(|look| look(found.unwrap_or_else(|| make_local(self.shared, local, recipe, id))))
        });
        looked.ok().flatten().unwrap_or_else(|| {
            // The thread is ending: a call finds nothing, and what it stores goes at once.
            let look = look.take().unwrap_or_else(|| unreachable!("it would have looked"));
            look(make_local(self.shared, &LocalSite::new(), recipe, id))
        })
    }
}

#[cold]
fn make_local<'a, O, H, R>(
    shared: &'static Site,
    local: &'a LocalSite,
    recipe: &R,
    id: TypeId,
) -> &'a Cache<O, H, LocalTable<O, H>>
where
    O: Eq + Clone + 'static,
    H: Held,
    R: Recipe<Held = H, Codec: Codecs<O, H::Value>>,
{
    let core = shared.core::<R::Marker>(recipe.configure());
    let cache: Arc<Cache<O, H, LocalTable<O, H>>> = Cache::new(core, recipe.typed());
    local.caches.add(id, cache);
    let found = local.caches.get(id).and_then(<dyn Any>::downcast_ref);
    found.unwrap_or_else(|| unreachable!("a cache of these types was added"))
}
