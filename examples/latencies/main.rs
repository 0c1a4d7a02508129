//! What policies do to the latencies of calls while their source stalls, fails and recovers.
//!
//! ```console
//! $ cargo run --example latencies --features tokio               # prints a table, and draws docs/latencies.svg
//! $ cargo run --example latencies --features tokio -- --check    # fails if that is not the picture
//! ```
//! A simulation: time is moved by hand, a millisecond at a time, and each run makes the same calls. [`source`] says how
//! the source behaves, [`policies`] has the functions, [`simulation`] calls them; [`summary`] and [`chart`] show what
//! came of it.

mod chart;
mod policies;
mod simulation;
mod source;
mod summary;
mod time;

use std::{error::Error, fs};

use policies::POLICIES;
use summary::Summary;

/// Where the picture is.
const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/latencies.svg");

fn main() -> Result<(), Box<dyn Error>> {
    let check = std::env::args().any(|argument| argument == "--check");
    let runs = POLICIES.iter().map(simulation::run).collect::<Result<Vec<_>, _>>()?;
    let summaries: Vec<_> = POLICIES.iter().zip(&runs).map(|(policy, run)| (policy, Summary::of_phases(run))).collect();
    summary::print(&summaries);
    let picture = chart::draw(&summaries);
    if !check {
        fs::write(PICTURE, picture)?;
    } else if fs::read_to_string(PICTURE)? != picture {
        return Err(format!("{PICTURE} is another picture: run this without --check").into());
    }
    Ok(())
}
