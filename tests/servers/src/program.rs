//! Programs of servers.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// Where a program is: on the path, or where Debian keeps servers.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let usual = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]).chain(postgres());
    usual.map(|directory| directory.join(name)).find(|file| file.is_file())
}

fn postgres() -> Vec<PathBuf> {
    let versions = fs::read_dir(Path::new("/usr/lib/postgresql")).into_iter().flatten().flatten();
    versions.map(|version| version.path().join("bin")).collect()
}
