//! Names of formats, which live as long as the program: there are as many as it has formats.

use std::collections::BTreeSet;

use crate::sync::{Mutex, global, lock};

global! {
    static ALL: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
}

/// The same text, kept for ever.
pub(crate) fn interned(name: &str) -> &'static str {
    let mut all = lock(&ALL);
    if let Some(known) = all.get(name) {
        return known;
    }
    let name: &'static str = name.to_owned().leak();
    all.insert(name);
    name
}
