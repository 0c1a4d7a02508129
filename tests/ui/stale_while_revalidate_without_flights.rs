use cacher::cache;

#[cache(ttl = "1m", stale_while_revalidate = "30s", single_flight = off)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
