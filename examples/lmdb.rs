//! Values in LMDB: a hit reads memory that the processes of a machine share, and writes are seldom.
//!
//! `cargo run --example lmdb --features lmdb`, twice: the second run computes nothing.

use cacher::cache;

/// Written once and read for ever, by any number of processes.
#[cache(backend = format!("lmdb://{}", directory()))]
fn primes(below: usize) -> Vec<usize> {
    println!("  looking for the primes below {below}");
    (2..below).filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0)).collect()
}

/// Here one of the system's directory for such; in earnest `"lmdb://./cache"`.
fn directory() -> String {
    std::env::temp_dir().join("cacher-example-lmdb").display().to_string()
}

fn main() {
    println!("Found in {}, or computed:", directory());
    for below in [10_000, 20_000, 10_000] {
        println!("  {} primes below {below}", primes(below).len());
    }
    let stats = primes::cache().stats();
    println!("  {} hits, {} loads, {} entries", stats.hits, stats.loads, primes::cache().len());
    assert_eq!(stats.store_errors, 0);
}
