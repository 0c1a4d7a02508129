//! Where the caches of a function live: one untyped `static`, or a field. Types are inferred at the call.

mod isolated;

use std::{
    any::{Any, TypeId},
    fmt,
    marker::PhantomData,
    thread::LocalKey,
};

use crate::{
    cache::{Cache, Typed},
    codec::{Codec, Codecs},
    core::{Config, Core},
    memory::{
        held::Held,
        table::{LocalTable, SharedTable, Table},
    },
    previous,
    schema::Fingerprint,
    strategy::{hook::Transforms, life::Terms},
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
    /// What tells it from others, also from those that are gone.
    number: OnceLock<u64>,
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
        Self { caches: Chain::new(), cores: Cores(Mutex::new(Vec::new())), number: OnceLock::new() }
    }

    /// The untyped halves of the caches used so far.
    pub(crate) fn cores(&self) -> Vec<Arc<Core>> {
        self.instead().map_or_else(|| self.own_cores(), |site| site.own_cores())
    }

    fn own_cores(&self) -> Vec<Arc<Core>> {
        lock(&self.cores.0).iter().map(|(_, core)| Arc::clone(core)).collect()
    }

    /// The untyped half of the cache of a function.
    pub(crate) fn core<M: 'static>(&self, configure: fn() -> Config) -> Arc<Core> {
        self.instead().map_or_else(|| self.own_core::<M>(configure), |site| site.own_core::<M>(configure))
    }

    fn own_core<M: 'static>(&self, configure: fn() -> Config) -> Arc<Core> {
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
struct Chain<A: ?Sized>(OnceLock<Link<A>>);

struct Link<A: ?Sized> {
    cache: Box<A>,
    next: Box<Chain<A>>,
}

/// A cache, told from others of the same key and value by the marker of its function.
struct Of<M, C> {
    cache: C,
    marker: PhantomData<fn() -> M>,
}

impl<A: ?Sized> Default for Chain<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: ?Sized> Chain<A> {
    const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// The cache that `cast` takes for the one looked for.
    #[inline]
    fn find<'a, C>(&'a self, cast: impl Fn(&'a A) -> Option<&'a C>) -> Option<&'a C> {
        let mut link = self.0.get()?;
        loop {
            match cast(&link.cache) {
                None => link = link.next.0.get()?,
                found => return found,
            }
        }
    }

    /// Adds a cache, unless there is one that `cast` takes for it. Either is returned.
    fn add<'a, C>(&'a self, cache: Box<A>, cast: impl Fn(&'a A) -> Option<&'a C>) -> &'a C {
        let mut new = Link { cache, next: Box::default() };
        let mut chain = self;
        loop {
            let set = chain.0.set(new);
            let Some(link) = chain.0.get() else { unreachable!("it was set") };
            match (cast(&link.cache), set) {
                (Some(cache), _) => return cache,
                (None, Err(mine)) => (new, chain) = (mine, &link.next),
                (None, Ok(())) => unreachable!("a cache of these types was added"),
            }
        }
    }
}

/// A function as its attribute describes it. `M` is a marker type inside the function, `H` how its values are held,
/// `C` whether they are stored.
pub struct Shape<M, H: Held, C> {
    configure: fn() -> Config,
    seen: fn(&H::Value) -> Terms,
    weigh: fn(&H::Value) -> u64,
    transforms: Transforms<H::Value>,
    schema: fn() -> Option<Fingerprint>,
    shown: Option<fn(H::Value) -> previous::Shown>,
    types: PhantomData<Types<M, H, C>>,
}

type Types<M, H, C> = fn() -> (M, H, C);

/// A [`Shape`] whose marker and holder cannot be named.
pub trait Recipe: Copy {
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
    pub fn new(
        configure: fn() -> Config,
        seen: fn(&H::Value) -> Terms,
        weigh: fn(&H::Value) -> u64,
        transforms: Transforms<H::Value>,
    ) -> Self {
        Self { configure, seen, weigh, transforms, schema: || None, shown: None, types: PhantomData }
    }

    /// The same function, whose stored values are made of what this says.
    #[inline]
    #[must_use]
    pub fn schema(self, schema: fn() -> Option<Fingerprint>) -> Self {
        Self { schema, ..self }
    }

    /// The same function, whose body may ask for the value that was there before.
    #[inline]
    #[must_use]
    pub fn revalidates(self) -> Self
    where
        H::Value: Send + Sync + 'static,
    {
        Self { shown: Some(previous::shown), ..self }
    }
}

impl<M, H: Held, C> Clone for Shape<M, H, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, H: Held, C> Copy for Shape<M, H, C> {}

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
        let codec = C::codec().map(|codec| Codec { schema: (self.schema)(), ..codec });
        Typed { codec, seen: self.seen, weigh: self.weigh, transforms: self.transforms, shown: self.shown }
    }
}

/// A place for caches: a site that threads share, or one of each thread.
pub trait Home<O, H: Held>: Copy {
    /// The table of a cache there.
    type Table: Table<O, H>;
    /// Shows the cache of the function with this marker, if it has been used before.
    #[doc(hidden)]
    fn find<M: 'static, T>(self, look: impl FnOnce(&Cache<O, H, Self::Table>) -> Option<T>) -> Option<T>;
    /// Shows the cache. `look` is called once.
    #[doc(hidden)]
    fn with<R, T>(self, recipe: R, look: impl FnMut(&Arc<Cache<O, H, Self::Table>>) -> T) -> T
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
    fn find<M: 'static, T>(self, look: impl FnOnce(&Cache<O, H, Self::Table>) -> Option<T>) -> Option<T> {
        look(&self.caches.find(<dyn Any + Send + Sync>::downcast_ref::<Shared<M, O, H>>)?.cache)
    }

    fn with<R, T>(self, recipe: R, mut look: impl FnMut(&Arc<Cache<O, H, Self::Table>>) -> T) -> T
    where
        R: Recipe<Held = H, Codec: Codecs<O, H::Value>>,
    {
        match self.instead() {
            Some(site) => look(&shared(&site, recipe).cache),
            None => look(&shared(self, recipe).cache),
        }
    }
}

/// The cache of a function at a site.
fn shared<O, H, R>(site: &Site, recipe: R) -> &Shared<R::Marker, O, H>
where
    O: Eq + Clone + Send + Sync + 'static,
    H: Held<Value: Send + Sync> + Send + Sync,
    R: Recipe<Held = H, Codec: Codecs<O, H::Value>>,
{
    let found = site.caches.find(<dyn Any + Send + Sync>::downcast_ref);
    found.unwrap_or_else(|| make_shared(site, recipe))
}

type Shared<M, O, H> = Of<M, Arc<Cache<O, H, SharedTable<O, H>>>>;

#[cold]
#[inline(never)]
fn make_shared<O, H, R>(site: &Site, recipe: R) -> &Shared<R::Marker, O, H>
where
    O: Eq + Clone + Send + Sync + 'static,
    H: Held + Send + Sync,
    R: Recipe<Held = H, Codec: Codecs<O, H::Value>>,
{
    let core = site.own_core::<R::Marker>(recipe.configure());
    let cache = Cache::new(core, recipe.typed());
    cache.share();
    let made: Shared<R::Marker, O, H> = Of { cache, marker: PhantomData };
    site.caches.add(Box::new(made), <dyn Any + Send + Sync>::downcast_ref)
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
    fn find<M: 'static, T>(self, look: impl FnOnce(&Cache<O, H, Self::Table>) -> Option<T>) -> Option<T> {
        let found =
            self.local.try_with(|local| look(&local.caches.find(<dyn Any>::downcast_ref::<Local<M, O, H>>)?.cache));
        found.ok().flatten()
    }

    fn with<R, T>(self, recipe: R, mut look: impl FnMut(&Arc<Cache<O, H, Self::Table>>) -> T) -> T
    where
        R: Recipe<Held = H, Codec: Codecs<O, H::Value>>,
    {
        if let Some(site) = self.shared.local_instead() {
            return look(&local(self.shared, &site, recipe).cache);
        }
        let looked = self.local.try_with(|site| look(&local(self.shared, site, recipe).cache));
        // On a thread that is ending a call finds nothing, and what it stores goes at once.
        looked.unwrap_or_else(|_| look(&make_local(self.shared, &LocalSite::new(), recipe).cache))
    }
}

/// The cache of a function at the site of a thread.
fn local<'a, O, H, R>(shared: &'static Site, site: &'a LocalSite, recipe: R) -> &'a Local<R::Marker, O, H>
where
    O: Eq + Clone + 'static,
    H: Held,
    R: Recipe<Held = H, Codec: Codecs<O, H::Value>>,
{
    let found = site.caches.find(<dyn Any>::downcast_ref);
    found.unwrap_or_else(|| make_local(shared, site, recipe))
}

type Local<M, O, H> = Of<M, Arc<Cache<O, H, LocalTable<O, H>>>>;

#[cold]
#[inline(never)]
fn make_local<'a, O, H, R>(shared: &'static Site, local: &'a LocalSite, recipe: R) -> &'a Local<R::Marker, O, H>
where
    O: Eq + Clone + 'static,
    H: Held,
    R: Recipe<Held = H, Codec: Codecs<O, H::Value>>,
{
    let core = shared.core::<R::Marker>(recipe.configure());
    let made: Local<R::Marker, O, H> = Of { cache: Cache::new(core, recipe.typed()), marker: PhantomData };
    local.caches.add(Box::new(made), <dyn Any>::downcast_ref)
}
