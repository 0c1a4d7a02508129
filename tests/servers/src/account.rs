//! Whom a server runs as: some refuse to run as root.

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::Path,
    process::Command,
};

/// A user of this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    user: u32,
    group: u32,
}

impl Account {
    /// This user, if the test runs as root and so may choose.
    pub(crate) fn for_root(name: &str) -> Option<Self> {
        let root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
        root.then(|| Self::named(name)).flatten()
    }

    fn named(name: &str) -> Option<Self> {
        let users = fs::read_to_string("/etc/passwd").ok()?;
        let fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|fields| fields[0] == name)?;
        Some(Self { user: fields.get(2)?.parse().ok()?, group: fields.get(3)?.parse().ok()? })
    }

    pub(crate) fn runs(self, command: &mut Command) {
        command.uid(self.user).gid(self.group);
    }

    pub(crate) fn owns(self, path: &Path) {
        chown(path, Some(self.user), Some(self.group)).expect("a directory of ours to give away");
    }
}
