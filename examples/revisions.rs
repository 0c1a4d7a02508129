//! With `revisions` a store keeps the latest values of each call, and those that were given a name; with
//! `write = background` nobody waits for it.
//!
//! `cargo run --example revisions`

use cacher::{Error, cache, testing::TempDir};

/// The model that was trained last. It is trained again with `refresh`.
#[cache(backend = format!("file://{}?format=json", directory()), revisions = 3, write = background, ignore = [seed])]
fn model(name: &str, seed: u64) -> String {
    format!("{name} trained with seed {seed}")
}

/// Here a directory that goes with the program; in earnest one that stays.
fn directory() -> String {
    static DIRECTORY: std::sync::LazyLock<TempDir> = std::sync::LazyLock::new(TempDir::new);
    DIRECTORY.path().display().to_string()
}

fn main() -> Result<(), Error> {
    // Writes what still waits when `main` ends.
    let _guard = cacher::Guard::new();

    println!("{}", model("spam", 1));
    let spam = model::entry("spam");
    spam.pin("approved")?;

    for seed in 2..=5 {
        model::refresh("spam", seed);
    }
    println!("Now:          {}", model("spam", 0));
    println!("Before:       {}", spam.revision(-2).unwrap_or_default());
    println!("Approved:     {}", spam.named("approved").unwrap_or_default());
    for revision in spam.revisions() {
        println!("  number {}, from the end {:?}, names {:?}", revision.number, revision.from_end, revision.names);
    }

    assert_eq!(spam.revisions().len(), 4);
    assert!(spam.unpin("approved"));
    assert_eq!(spam.clear_unpinned(), 2);
    assert_eq!(spam.revision(-1), spam.peek());
    Ok(())
}
