//! A process that writes until it is killed, and says how far it is.

use std::{
    env,
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::{
    entries::{entry, key, removes, slot},
    subject::Subject,
};

/// Tell a child what to write to, where, from which write on, and where to say how far it is.
const SUBJECT: &str = "CACHER_TEST_SUBJECT";
const DIR: &str = "CACHER_TEST_DIR";
const FIRST: &str = "CACHER_TEST_FIRST";
const PROGRESS: &str = "CACHER_TEST_PROGRESS";

/// What is said: a letter for each step.
pub(crate) const BEGUN: u8 = b'b';
pub(crate) const DONE: u8 = b'd';
pub(crate) const FLUSHED: u8 = b'f';

/// After so many writes what waits is flushed.
const FLUSH: u64 = 16;
/// More than one lives to write.
const LIFE: u64 = 100_000;

pub(crate) fn start(subject: Subject, dir: &Path, first: u64, progress: &Path) -> Child {
    Command::new(env::current_exe().expect("a path"))
        .args(["--ignored", "--exact", "killed::child_writes", "--quiet", "--test-threads", "1"])
        .env(SUBJECT, subject.name())
        .env(DIR, dir)
        .env(FIRST, first.to_string())
        .env(PROGRESS, progress)
        .stdout(Stdio::null())
        .spawn()
        .expect("a child")
}

pub(crate) fn write_until_killed() {
    let Ok(subject) = env::var(SUBJECT) else { return };
    let told = |name| env::var(name).expect("told");
    let store = Subject::named(&subject).open(&PathBuf::from(told(DIR)));
    let first: u64 = told(FIRST).parse().expect("a number");
    // Without a buffer: what is said stays said when the process dies.
    let mut progress = File::options().append(true).open(told(PROGRESS)).expect("there");
    let mut say = |step: u8| progress.write_all(&[step]).expect("written");
    for write in first..first + LIFE {
        let (key, entry) = (key(slot(write)), entry(write));
        say(BEGUN);
        if removes(write) {
            store.backend().remove(&key).expect("remove");
        } else {
            store.backend().put(&key, &entry, None).expect("put");
        }
        say(DONE);
        if write % FLUSH == 0 {
            store.flush();
            say(FLUSHED);
        }
        // Who dies while it reads must not be in the way of others either.
        store.backend().get(&key).expect("get");
    }
}
