//! What companions get: the entry of a call, and the whole cache.

use std::marker::PhantomData;

use crate::{
    cache::{Keyed, LocalOperations, RevisedOperations, SharedOperations},
    codec::Codecs,
    companion::{AsyncEntry, AsyncRevisedEntry, Entry, Handle, LocalEntry, RevisedEntry},
    core::Config,
    key::parts::Parts,
    memory::held::Held,
    site::{Home, Recipe, Site},
    strategy::life::Terms,
    sync::Arc,
};
fn keyed<S, Z, P>(home: S, recipe: &Z, parts: &P, terms: &Terms) -> Keyed<P::Owned, Z::Held, S::Table>
where
    P: Parts,
    Z: Recipe<Codec: Codecs<P::Owned, <Z::Held as Held>::Value>>,
    S: Home<P::Owned, Z::Held>,
{
    home.with(*recipe, |cache| cache.keyed(parts, terms.clone()))
}

/// The entry of a sync call.
pub fn entry<S, Z, P, V: 'static>(home: S, recipe: &Z, parts: &P, terms: &Terms) -> Entry<V>
where
    P: Parts,
    Z: Recipe<Codec: Codecs<P::Owned, V>, Held: Held<Value = V>>,
    S: Home<P::Owned, Z::Held>,
    Keyed<P::Owned, Z::Held, S::Table>: SharedOperations<V> + Send + Sync + 'static,
{
    Entry(Arc::new(keyed(home, recipe, parts, terms)))
}

/// The entry of an async call.
pub fn entry_async<S, Z, P, V: 'static>(home: S, recipe: &Z, parts: &P, terms: &Terms) -> AsyncEntry<V>
where
    P: Parts,
    Z: Recipe<Codec: Codecs<P::Owned, V>, Held: Held<Value = V>>,
    S: Home<P::Owned, Z::Held>,
    Keyed<P::Owned, Z::Held, S::Table>: SharedOperations<V> + Send + Sync + 'static,
{
    AsyncEntry(Arc::new(keyed(home, recipe, parts, terms)))
}

/// The entry of a sync call of a function with `revisions`.
pub fn entry_revised<S, Z, P, V: 'static>(home: S, recipe: &Z, parts: &P, terms: &Terms) -> RevisedEntry<V>
where
    P: Parts,
    Z: Recipe<Codec: Codecs<P::Owned, V>, Held: Held<Value = V>>,
    S: Home<P::Owned, Z::Held>,
    Keyed<P::Owned, Z::Held, S::Table>: RevisedOperations<V> + Send + Sync + 'static,
{
    RevisedEntry::new(Arc::new(keyed(home, recipe, parts, terms)))
}

/// The entry of an async call of a function with `revisions`.
pub fn entry_revised_async<S, Z, P, V: 'static>(home: S, recipe: &Z, parts: &P, terms: &Terms) -> AsyncRevisedEntry<V>
where
    P: Parts,
    Z: Recipe<Codec: Codecs<P::Owned, V>, Held: Held<Value = V>>,
    S: Home<P::Owned, Z::Held>,
    Keyed<P::Owned, Z::Held, S::Table>: RevisedOperations<V> + Send + Sync + 'static,
{
    AsyncRevisedEntry::new(Arc::new(keyed(home, recipe, parts, terms)))
}

/// The entry of a call of a function with `thread_local`.
pub fn entry_local<S, Z, P, V: 'static>(home: S, recipe: &Z, parts: &P, terms: &Terms) -> LocalEntry<V>
where
    P: Parts,
    Z: Recipe<Codec: Codecs<P::Owned, V>, Held: Held<Value = V>>,
    S: Home<P::Owned, Z::Held>,
    Keyed<P::Owned, Z::Held, S::Table>: LocalOperations<V> + 'static,
{
    LocalEntry(std::rc::Rc::new(keyed(home, recipe, parts, terms)))
}

/// The whole cache of a function that has no type parameters.
#[must_use]
pub fn handle<M: 'static>(site: &Site, _marker: PhantomData<M>, configure: fn() -> Config) -> Handle {
    Handle::of(site.core::<M>(configure))
}

/// The whole cache of a generic function: of the instantiations used so far. `place` is a closure in the companion
/// that asks, whose own name comes last in its path; the function's comes in its place, if that is not before it.
pub fn handle_of_all<M>(site: &Site, _place: &M, name: Option<&str>, function: &str) -> Handle {
    let path = crate::place::function(std::any::type_name::<M>());
    let owner = path.rsplit_once("::").map_or("", |(owner, _)| owner);
    let path = if function.is_empty() { owner.to_owned() } else { format!("{owner}::{function}") };
    Handle::new(name.map_or_else(|| path.into(), Into::into), site.cores())
}
