//! A secret argument tells callers apart, and is shown to nobody: stores and logs see a keyed hash of it.
//!
//! `cargo run --example secrets`

use std::{env, error::Error, fs, io, path::Path};

use cacher::{Wipe, backend::file::Files, cache};

fn dir() -> std::path::PathBuf {
    env::temp_dir().join("cacher-example-secrets")
}

// Without `secret` this would not compile: an argument called `api_key` must not go into a store unnoticed.
#[cache(backend = Files::new(dir()), ttl = "1h", secret = [api_key])]
fn balance(account: u64, api_key: &str) -> String {
    println!("  asking the bank for account {account}");
    format!("{}.00", account + api_key.len() as u64)
}

/// What is a secret may be a type of your own. It is compared in full in memory, and each copy is wiped.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Pin(String);

impl Wipe for Pin {
    fn wipe(&mut self) {
        self.0.wipe();
    }
}

#[cache]
fn unlock(door: u8, #[cache(secret)] pin: Pin) -> bool {
    println!("  trying door {door}");
    pin.0 == "2468"
}

/// All that stands in the files of a directory.
fn read_all(dir: &Path) -> io::Result<String> {
    let mut text = String::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        text += &if path.is_dir() { read_all(&path)? } else { fs::read_to_string(path)? };
    }
    Ok(text)
}

fn main() -> Result<(), Box<dyn Error>> {
    // In earnest it comes from a vault, or from the environment: CACHER_SECRET_KEY, 64 hexadecimal digits.
    cacher::set_secret_key([42; 32])?;
    fs::remove_dir_all(dir())
        .or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })?;

    println!("Each key has an entry of its own:");
    for api_key in ["swordfish", "opensesame", "swordfish"] {
        println!("{}", balance(1, api_key));
    }
    assert_eq!(balance::cache().stats().misses, 2);

    let stored = read_all(&dir())?;
    assert!(!stored.contains("swordfish"));
    let shown = stored.lines().find(|line| line.contains("api_key")).unwrap_or_default();
    println!("What a file says of it: {}", shown.trim());

    println!("In memory alone no key is needed:");
    assert!(unlock(1, Pin("2468".into())) && unlock(1, Pin("2468".into())) && !unlock(1, Pin("1357".into())));
    fs::remove_dir_all(dir())?;
    Ok(())
}
