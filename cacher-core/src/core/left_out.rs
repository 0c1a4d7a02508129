//! The tiers that a call leaves out.

use super::Core;
use crate::strategy::life::Terms;

/// What a call neither reads nor writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LeftOut {
    pub(crate) memory: bool,
    /// Of each store a bit.
    stores: u64,
}

impl LeftOut {
    /// Whether there is anything.
    pub(crate) fn is_some(self) -> bool {
        self != Self::default()
    }

    /// Whether all stores are left out.
    pub(crate) fn has_all(self, stores: usize) -> bool {
        (0..stores).all(|tier| self.has(tier))
    }

    /// Whether that store is left out.
    pub(crate) fn has(self, tier: usize) -> bool {
        u32::try_from(tier).ok().and_then(|tier| self.stores.checked_shr(tier)).unwrap_or_default() & 1 == 1
    }
}

impl Core {
    /// What a call of these terms neither reads nor writes.
    pub(crate) fn left_out(&self, terms: &Terms) -> LeftOut {
        let Some(skipped) = terms.options().map(|options| options.skipped) else { return LeftOut::default() };
        let alone = self.tiers.is_empty().then_some(0);
        let memory = skipped.memory || self.place_of_memory.or(alone).is_some_and(|place| skipped.has(place));
        let place = |tier: usize| tier + usize::from(self.place_of_memory.is_some_and(|memory| memory <= tier));
        let stores = (0..self.tiers.len()).filter(|tier| skipped.has(place(*tier)));
        LeftOut { memory, stores: stores.fold(0, |stores, tier| stores | 1 << tier) }
    }
}
