//! Values in a SQLite database, which outlive the program and are shared by several.
//!
//! `cargo run --example sqlite --features sqlite`, twice: the second run computes nothing.

use std::time::Duration;

use cacher::{Cache, Error, cache};

/// A row in the table `words`, with the time of its end in a column of its own.
#[cache(backend = format!("{}?table=words", database()), ttl = "10m")]
fn count(text: &str) -> usize {
    println!("  counting the words of {text:?}");
    text.split_whitespace().count()
}

/// Here a file of the system's directory for such; in earnest `"sqlite://./cache.db?table=words"`.
fn database() -> String {
    format!("sqlite://{}", std::env::temp_dir().join("cacher-example.db").display())
}

fn main() -> Result<(), Error> {
    println!("Counted, or found in {}:", database());
    assert_eq!([count("one two three"), count("one"), count("one two three")], [3, 1, 3]);
    let stats = count::cache().stats();
    println!("  {} hits, {} loads, {} rows", stats.hits, stats.loads, count::cache().len());

    println!("Another table of the same file, without a function:");
    let visits: Cache<String, u64> = Cache::builder()
        .name("visits")
        .backend("memory://?capacity=100")
        .backend(format!("{}?table=visits", database()))
        .ttl(Duration::from_secs(3600))
        .build()?;
    let seen = visits.update("home", |seen| Some(seen.unwrap_or(0) + 1));
    println!("  this is run {} of the last hour; the keys are {:?}", seen.unwrap_or(0), visits.keys()?);
    Ok(())
}
