//! What a store hit and a write cost beside the driver's own call with the same bytes, how many bytes an entry takes,
//! and how all that grows with their number.

mod call;
mod driver;
mod envelope;
mod growth;
mod place;
mod room;
mod sample;
mod stopwatch;

use std::io;

use place::Kind;

/// The name under which these measurements are picked.
pub(crate) const NAME: &str = "store";

/// The formats that are measured.
const FORMATS: [&str; 6] = ["json", "msgpack", "postcard", "msgpack+zstd", "msgpack+lz4", "msgpack+encrypt"];

/// Prints the tables. Takes some minutes, and some gigabytes below the directory for temporary files.
///
/// # Panics
/// If what is measured does not do what it is measured for.
pub(crate) fn measure() -> io::Result<()> {
    cacher::set_secret_key([7; 32]).map_err(io::Error::other)?;
    for posts in [sample::SMALL, sample::LARGE] {
        call::measure(posts)?;
    }
    room::measure()?;
    growth::measure()
}

/// Prints the head of a table with a column for each format.
fn head(first: &str) {
    println!("| {first} | `{}` |\n|---|{}", FORMATS.join("` | `"), "---:|".repeat(FORMATS.len()));
}

/// Prints a row of such a table.
fn line(name: &str, cell: impl FnMut(&'static str) -> io::Result<String>) -> io::Result<()> {
    let cells = FORMATS.into_iter().map(cell).collect::<io::Result<Vec<_>>>()?;
    println!("| {name} | {} |", cells.join(" | "));
    Ok(())
}

/// Whether a store has a choice of formats, or this one.
fn takes(kind: Kind, format: &str) -> bool {
    kind != Kind::Joint || format == "json"
}
