//! What the settings came to.

use std::fmt;

use super::{Ruling, Settings};
use crate::secret;

/// What is in force, what took effect where, and what did not: see [`configuration`](crate::companion::configuration).
///
/// Its `Display` is for people. No key or password is in it, only whether there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// What holds for all caches, with its origin: `"prefix staging (CACHER_PREFIX)"`.
    pub all: Vec<String>,
    /// What took effect on caches that have been used.
    pub applied: Vec<Applied>,
    /// Settings by name that meant none of the caches used so far.
    pub unused: Vec<String>,
    /// Variables, or parts of them, that could not be read, and how they are to be written.
    pub malformed: Vec<String>,
}

/// A setting that took effect on a cache.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// The name of the cache.
    pub cache: String,
    /// What was set, and where: `"ttl 300s (CACHER_TTL)"`.
    pub setting: String,
}

impl Settings {
    /// The report on these settings and their caches.
    pub(crate) fn report<'a>(&self, caches: impl Iterator<Item = (&'a str, &'a Ruling)>) -> Report {
        let mut applied = Vec::new();
        for (cache, ruling) in caches {
            for setting in ruling.effects() {
                let new = Applied { cache: cache.to_owned(), setting };
                // Caches of instances have one name.
                if !applied.contains(&new) {
                    applied.push(new);
                }
            }
        }
        let unused = self.rules.iter().filter(|rule| !rule.is_used());
        let unused = unused.map(|rule| format!("{}: {}", rule.selector, rule.said)).collect();
        let malformed = self.invalid.iter().map(ToString::to_string).collect();
        let mut report = Report { all: self.on_all(), applied, unused, malformed };
        match secret::is_set() {
            Ok(()) => report.all.push("a secret key".into()),
            Err(secret::WRONG_KEY) => report.malformed.push(secret::WRONG_KEY.into()),
            Err(_) => {}
        }
        report
    }

    fn on_all(&self) -> Vec<String> {
        let prefix = self.prefix.as_ref().map(|said| format!("prefix {} ({})", said.what, said.origin));
        let ttl = self.defaults.ttl.as_ref().map(|said| format!("default ttl {:?} ({})", said.what, said.origin));
        let capacity = self.defaults.capacity.as_ref().map(|said| format!("default capacity {said}"));
        let patience = self.defaults.patience.as_ref();
        let patience = patience.map(|said| format!("default patience {:?} ({})", said.what, said.origin));
        prefix.into_iter().chain(ttl).chain(capacity).chain(patience).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::default() {
            return f.write_str("all caches are as their attributes say\n");
        }
        self.all.iter().try_for_each(|setting| writeln!(f, "all caches: {setting}"))?;
        self.applied.iter().try_for_each(|Applied { cache, setting }| writeln!(f, "{cache}: {setting}"))?;
        self.unused.iter().try_for_each(|setting| writeln!(f, "no such cache so far: {setting}"))?;
        self.malformed.iter().try_for_each(|error| writeln!(f, "malformed: {error}"))
    }
}
