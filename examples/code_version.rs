//! With `version = code` a changed function does not see what the old one stored; change it back, and it does.
//!
//! `cargo run --example code_version`

use std::{
    env, fs, io,
    path::PathBuf,
    process::{self, Command},
};

use cacher::{backend::file::Files, cache};

fn dir() -> PathBuf {
    env::temp_dir().join("cacher-example-code-version")
}

/// The program as it was first.
mod first {
    use super::{Files, cache, dir};

    #[cache]
    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    // What it stored holds as long as `words` is what it was, too.
    #[cache(backend = Files::new(dir()), name = "count", version = code, depends = [words])]
    pub(super) fn count(text: &str) -> usize {
        println!("  the first release counts");
        words(text).len()
    }
}

/// The next release: `count` is the same, and `words` is not.
mod second {
    use super::{Files, cache, dir};

    #[cache]
    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[cache(backend = Files::new(dir()), name = "count", version = code, depends = [words])]
    pub(super) fn count(text: &str) -> usize {
        println!("  the second release counts");
        words(text).len()
    }
}

const TEXT: &str = "to be  or not to be";

fn main() -> io::Result<()> {
    if env::args().any(|argument| argument == "rollback") {
        println!("after a rollback: {}", first::count(TEXT));
        assert_eq!(first::count::cache().stats().hits, 1);
        return Ok(());
    }
    if dir().exists() {
        fs::remove_dir_all(dir())?;
    }
    println!("first release: {}", first::count(TEXT));
    println!("second release: {}", second::count(TEXT));
    println!("what is stored:");
    for entry in fs::read_dir(dir())? {
        println!("  {}", entry?.file_name().to_string_lossy());
    }

    // What concerns one version leaves the others alone.
    second::count::cache().clear();
    assert!(first::count::entry(TEXT).contains() && !second::count::entry(TEXT).contains());

    let status = Command::new(env::current_exe()?).arg("rollback").status()?;
    fs::remove_dir_all(dir())?;
    process::exit(status.code().unwrap_or(1))
}
