//! All caches of the process.

use std::any::TypeId;

use crate::{
    core::Core,
    error::{Error, Kind, Result},
    sync::{Arc, Mutex, Weak, lock},
    tier::Tier,
};

static CACHES: Mutex<Vec<Weak<Core>>> = Mutex::new(Vec::new());
static NAMES: Mutex<Vec<Claim>> = Mutex::new(Vec::new());

/// Whose entries stand under a name in a store.
struct Claim {
    namespace: String,
    store: String,
    owner: TypeId,
}

/// Every cache that has been used and still exists, in the order of first use.
pub(crate) fn all() -> Vec<Arc<Core>> {
    lock(&CACHES).iter().filter_map(Weak::upgrade).collect()
}

pub(crate) fn add(core: &Arc<Core>) {
    let mut caches = lock(&CACHES);
    caches.retain(|cache| cache.strong_count() > 0);
    caches.push(Arc::downgrade(core));
}

/// Claims a namespace in some stores for a function.
///
/// # Errors
/// If another function has it: the two would take each other's entries for their own.
pub(crate) fn claim(namespace: &str, owner: TypeId, tiers: &[Arc<Tier>]) -> Result<()> {
    let stores: Vec<_> = tiers.iter().filter_map(|tier| tier.describe()).collect();
    let mut names = lock(&NAMES);
    let taken = |claim: &Claim| claim.owner != owner && claim.namespace == namespace && stores.contains(&claim.store);
    if names.iter().any(taken) {
        return Err(Error::new(
            Kind::Invalid,
            format!(
                "another function already keeps its entries under the name `{namespace}` in the same store, so this \
                 one keeps none there: give one of them another name with `name = \"..\"`"
            ),
        ));
    }
    names.extend(stores.into_iter().map(|store| Claim { namespace: namespace.to_owned(), store, owner }));
    Ok(())
}
