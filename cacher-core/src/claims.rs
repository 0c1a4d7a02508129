//! Whose entries stand under a name in a store: two functions must not take each other's for their own.

use std::any::TypeId;

use crate::{
    error::{Error, Kind, Result},
    sync::{Arc, Mutex, lock},
};

/// A function, as one that keeps entries under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claimant {
    pub(crate) namespace: Arc<str>,
    pub(crate) owner: TypeId,
}

static CLAIMS: Mutex<Vec<(Claimant, String)>> = Mutex::new(Vec::new());

impl Claimant {
    /// Claims the name in a store.
    ///
    /// # Errors
    /// If another function of this process has it.
    pub(crate) fn claim(&self, store: String) -> Result<()> {
        let mut claims = lock(&CLAIMS);
        let held = claims.iter().find(|(claimant, place)| claimant.namespace == self.namespace && *place == store);
        match held {
            Some((claimant, _)) if claimant == self => Ok(()),
            Some(_) => Err(Error::new(
                Kind::Invalid,
                format!(
                    "another function already keeps its entries under the name `{}` in the same store, so this one \
                     keeps none there: give one of them another name with `name = \"..\"`",
                    self.namespace
                ),
            )),
            None => {
                claims.push((self.clone(), store));
                Ok(())
            }
        }
    }
}
