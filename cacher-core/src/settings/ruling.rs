//! What the settings come to for one cache.

use std::time::Duration;

use super::{Change, Said, Settings, prefix, select};
use crate::{
    memory::table::Bound,
    strategy::life::Ruled,
    sync::{Arc, Ordering},
};

/// What the settings say about one cache.
#[derive(Clone, Debug)]
pub(crate) struct Ruling {
    settings: Arc<Settings>,
    /// The rules that mean the cache, in their order.
    said: Vec<Said<Change>>,
    /// What could not be done.
    in_vain: Vec<String>,
}

impl Settings {
    /// What these settings say about a cache of this name, whose function has this path.
    pub(crate) fn rule_on(self: &Arc<Self>, name: &str, path: &str) -> Ruling {
        let mut said = Vec::new();
        for rule in self.rules.iter().filter(|rule| select::selects(&rule.selector, name, path)) {
            rule.used.store(true, Ordering::Relaxed);
            said.push(rule.said.clone());
        }
        Ruling { settings: Arc::clone(self), said, in_vain: Vec::new() }
    }
}

impl Ruling {
    /// The namespace of the cache in stores.
    pub(crate) fn namespace(&self, namespace: Arc<str>) -> Arc<str> {
        match &self.settings.prefix {
            Some(said) if !said.what.is_empty() => prefix::prefixed(&said.what, &namespace).into(),
            _ => namespace,
        }
    }

    pub(crate) fn off(&self) -> bool {
        self.said.iter().any(|said| matches!(said.what, Change::Off))
    }

    /// The TTL, where it is not what the function says.
    pub(crate) fn ttl(&self) -> Ruled {
        let by_name = self.last(|change| if let Change::Ttl(ttl) = change { Some(Ruled::To(ttl)) } else { None });
        let default = || self.settings.defaults.ttl.as_ref().map(|said| Ruled::Else(said.what));
        by_name.or_else(default).unwrap_or_default()
    }

    pub(crate) fn patience(&self, attribute: Option<Duration>) -> Duration {
        let default = self.settings.defaults.patience.as_ref().map(|said| said.what);
        attribute.or(default).unwrap_or(Duration::from_secs(30))
    }

    /// The bound of memory that is to be `bound` by the attribute.
    pub(crate) fn bound(&mut self, bound: Bound) -> Bound {
        let default = self.settings.defaults.capacity.as_ref().filter(|_| bound == Bound::Unbounded);
        let bound = default.map_or(bound, |said| Bound::Entries(said.what));
        let by_name = self.last(|change| match change {
            Change::Capacity(most) => Some(Bound::Entries(most)),
            Change::MaxBytes(most) => Some(Bound::Bytes(most)),
            Change::Off | Change::Ttl(_) => None,
        });
        if matches!((by_name, bound), (Some(Bound::Bytes(_)), Bound::Unbounded | Bound::Entries(_))) {
            self.in_vain.push("max_bytes in vain: its attribute has no `max_bytes`, so values have no weight".into());
            return bound;
        }
        by_name.unwrap_or(bound)
    }

    /// What took effect, for people.
    pub(super) fn effects(&self) -> impl Iterator<Item = String> {
        self.said.iter().map(ToString::to_string).chain(self.in_vain.iter().cloned())
    }

    fn last<T>(&self, of: impl Fn(Change) -> Option<T>) -> Option<T> {
        self.said.iter().rev().find_map(|said| of(said.what))
    }
}
