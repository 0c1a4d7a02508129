//! Where entries stand in stores.

use super::Core;
use crate::{
    backend,
    error::Result,
    keyer::{CallKey, Hash, Keyer},
    secret,
    sync::Arc,
    tier,
};

/// What the slot of a function with `single` is called.
const SLOT: &str = "single";

impl Core {
    /// What the keyer makes of an encoded key.
    pub(crate) fn stored_name(&self, identity: &[u8]) -> String {
        if self.config.single {
            return SLOT.to_owned();
        }
        let call = CallKey::of(&self.namespace, self.config.name, self.config.arguments, identity);
        self.config.keyer.as_ref().map_or_else(|| Hash.name(&call), |keyer| keyer.name(&call))
    }

    /// Where an entry is put in a store.
    ///
    /// # Errors
    /// When names there take a secret key, and none is set.
    pub(crate) fn store_key(&self, store: &tier::Store, name: &Arc<str>) -> Result<backend::Key> {
        if store.format.conceals() {
            return Ok(self.concealed_key(store, name, &*secret::keys()?));
        }
        Ok(self.key_named(store, Arc::clone(name)))
    }

    /// Whether a store tells of changes by others.
    pub(crate) fn hears_of_others(&self) -> bool {
        self.tiers.iter().any(|tier| tier.watched().is_some())
    }

    /// What the stores that tell of changes by others call an entry.
    pub(crate) fn marks(&self, name: &Arc<str>) -> impl Iterator<Item = u64> {
        let stores = self.tiers.iter().filter_map(|tier| tier.watched());
        stores.filter_map(|store| store.mark(&self.store_key(store, name).ok()?))
    }

    /// Where else it may be: under names that secret keys of earlier made.
    pub(crate) fn earlier_keys(&self, store: &tier::Store, name: &Arc<str>) -> Result<Vec<backend::Key>> {
        if !store.format.conceals() {
            return Ok(Vec::new());
        }
        Ok(secret::all()?.iter().skip(1).map(|keys| self.concealed_key(store, name, keys)).collect())
    }

    fn concealed_key(&self, store: &tier::Store, name: &str, keys: &secret::Keys) -> backend::Key {
        self.key_named(store, keys.name(&self.namespace, name).into())
    }

    fn key_named(&self, store: &tier::Store, name: Arc<str>) -> backend::Key {
        backend::Key { namespace: Arc::clone(&self.namespace), name, format: store.format.name() }
    }

    /// Whether nothing can be stored for want of a secret key.
    pub(crate) fn lacks_secret(&self) -> Result<()> {
        if self.tiers.iter().any(|tier| tier.conceals()) { secret::keys().map(drop) } else { Ok(()) }
    }
}
