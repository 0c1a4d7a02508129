//! A cache in a database that is there anyway.
//!
//! ```text
//! POSTGRES_URL=postgres://user:password@localhost/app cargo run --example postgres --features postgres
//! ```
//! The table is made when it is missing. Without a server it runs as well: what a store can't answer, the function does.

use std::env;

use cacher::cache;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Report {
    month: String,
    total: u64,
}

fn store() -> String {
    let server = env::var("POSTGRES_URL").unwrap_or_else(|_| "postgres://localhost/app".into());
    format!("{server}?table=example_reports&ttl=12h")
}

/// Takes minutes when it is really done. Any process finds the value of any other, also after a restart.
#[cache(name = "examples::report", backend = ["memory://?ttl=1m", store()], ttl = "1d")]
fn report(month: &str) -> Report {
    println!("adding up {month}");
    Report { month: month.to_owned(), total: 42 }
}

fn main() {
    cacher::on_fault(|fault| eprintln!("{fault}"));
    println!("{:?}", report("may"));
    println!("{:?}", report("may"));
    if let Some(info) = report::entry("may").info() {
        println!("in {:?} for {:?} more", info.source, info.fresh_for);
    }
    println!("{} in the table; cleared: {:?}", report::cache().len(), report::cache().clear());
}
