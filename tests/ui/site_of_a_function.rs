use cacher::{Site, cache};

static CACHE: Site = Site::new();

#[cache(site = CACHE)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
