//! What several modules of tests share.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, Once},
};

use cacher::Fault;

/// Every file below a directory, in the order of their paths.
pub(crate) fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for found in fs::read_dir(dir).into_iter().flatten() {
        let path = found.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The only file below a directory.
#[track_caller]
pub(crate) fn only_file(dir: &Path) -> PathBuf {
    let files = files_below(dir);
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

/// The faults of one cache, reported from now on. There is one hook for the process, so the tests share it.
pub(crate) fn faults(cache: &'static str) -> impl Fn() -> Vec<Fault> {
    static ALL: Mutex<Vec<Fault>> = Mutex::new(Vec::new());
    static HOOK: Once = Once::new();
    HOOK.call_once(|| cacher::on_fault(|fault| ALL.lock().unwrap().push(fault.clone())));
    move || ALL.lock().unwrap().iter().filter(|fault| *fault.cache == *cache).cloned().collect()
}
