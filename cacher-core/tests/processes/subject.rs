//! What is written to: a store, and what is around it.

use std::{path::Path, sync::Arc};

use cacher_core::{
    backend::{Backend, file::Files, json_file::JsonFile, lmdb::Lmdb, sqlite::Sqlite},
    wrap::{
        archived::Archived,
        background::{Background, Backgrounded},
        revised::Revised,
    },
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    File,
    JsonFile,
    Sqlite,
    Lmdb,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrapper {
    None,
    Revised,
    Archived,
    Backgrounded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) store: Store,
    pub(crate) wrapper: Wrapper,
}

/// How many revisions are kept.
const REVISIONS: usize = 3;

impl Subject {
    /// As `Sqlite Revised`, to tell a child.
    pub(crate) fn name(self) -> String {
        format!("{:?} {:?}", self.store, self.wrapper)
    }

    pub(crate) fn named(name: &str) -> Self {
        let stores = [Store::File, Store::JsonFile, Store::Sqlite, Store::Lmdb];
        let wrappers = [Wrapper::None, Wrapper::Revised, Wrapper::Archived, Wrapper::Backgrounded];
        let mut all = stores.iter().flat_map(|store| wrappers.map(|wrapper| Self { store: *store, wrapper }));
        all.find(|subject| subject.name() == name).expect("a subject")
    }

    /// The store alone.
    pub(crate) fn inner(self, dir: &Path) -> Arc<dyn Backend> {
        match self.store {
            Store::File => Arc::new(Files::new(dir)),
            Store::JsonFile => Arc::new(JsonFile::new(dir.join("cache.json"))),
            Store::Sqlite => Arc::new(Sqlite::open(dir.join("cache.db")).expect("it opens")),
            Store::Lmdb => Arc::new(Lmdb::open(dir).expect("it opens")),
        }
    }

    pub(crate) fn open(self, dir: &Path) -> Opened {
        let store = self.inner(dir);
        match self.wrapper {
            Wrapper::None => Opened::Plain(store),
            Wrapper::Revised => Opened::Revised(Revised::shared(store, REVISIONS)),
            Wrapper::Archived => Opened::Archived(Archived::shared(store)),
            Wrapper::Backgrounded => Opened::Backgrounded(Backgrounded::shared(store, Background::new())),
        }
    }
}

pub(crate) enum Opened {
    Plain(Arc<dyn Backend>),
    Revised(Revised),
    Archived(Archived),
    Backgrounded(Backgrounded),
}

impl Opened {
    pub(crate) fn backend(&self) -> &dyn Backend {
        match self {
            Self::Plain(store) => &**store,
            Self::Revised(store) => store,
            Self::Archived(store) => store,
            Self::Backgrounded(store) => store,
        }
    }

    /// Puts into the store what waits, if anything may.
    pub(crate) fn flush(&self) {
        if let Self::Backgrounded(store) = self {
            store.flush().expect("all is stored");
        }
    }
}
