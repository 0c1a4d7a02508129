//! How files are called: by a hash, by what people can read, or as you say.
//!
//! `cargo run --example custom_keyer`

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use cacher::{
    backend::file::Files,
    cache,
    keyer::{self, CallKey, Hash, Keyer, Readable},
    testing::TempDir,
};

static DIR: LazyLock<TempDir> = LazyLock::new(TempDir::new);

fn files() -> Files {
    Files::new(DIR.path())
}

#[cache(backend = files())]
fn hashed(user_id: u64, sort: &str) -> String {
    format!("posts of {user_id}, {sort}")
}

#[cache(backend = files(), keyer = readable)]
fn posts(user_id: u64, sort: &str) -> String {
    format!("posts of {user_id}, {sort}")
}

/// A directory for each beginning of four letters.
#[cache(backend = files(), file_name = |call| {
    let id = call.argument("id").map_or_else(String::new, |id| id.to_string());
    format!("{}/{id}.json", id.chars().take(4).collect::<String>())
})]
fn commit(id: &str) -> String {
    format!("commit {id}")
}

/// `user-7-` and half a hash: what people look for, and what tells calls apart.
struct ByUser;

impl Keyer for ByUser {
    fn name(&self, call: &CallKey<'_>) -> String {
        let user = call.argument("user_id").map_or_else(String::new, |user| user.to_string());
        format!("user-{user}-{}", &Hash.name(call)[..16])
    }
}

#[cache(backend = files(), keyer = ByUser)]
fn visits(user_id: u64, page: &str) -> String {
    format!("visits of {user_id} to {page}")
}

fn print(dir: &Path) -> io::Result<()> {
    let mut found: Vec<PathBuf> = fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    found.sort();
    for path in found {
        if path.is_dir() {
            print(&path)?;
        } else {
            println!("{}", path.strip_prefix(DIR.path()).unwrap_or(&path).display());
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    hashed(1, "asc");
    posts(1, "asc");
    posts(2, "Newest first");
    commit("abcd1234");
    visits(7, "/home");
    visits(7, "/Home");
    print(DIR.path())?;

    // One line in a test: do calls that differ have names that differ?
    let samples = [(7, "/home"), (7, "/Home"), (8, "/home")];
    keyer::check(&ByUser, &["user_id", "page"], samples)?;
    keyer::check(&Readable::new(), &["user_id", "page"], samples)?;
    let by_user = keyer::from_fn(|call| call.argument("user_id").map_or_else(String::new, |user| user.to_string()));
    if let Err(collision) = keyer::check(&by_user, &["user_id", "page"], samples) {
        println!("a keyer of the user alone: {collision}");
    }
    fs::remove_dir_all(DIR.path())?;
    Ok(())
}
