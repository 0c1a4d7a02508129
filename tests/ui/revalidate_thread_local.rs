use cacher::cache;

#[cache(ttl = "1m", revalidate = "7d", thread_local)]
fn fetch(id: u64) -> u64 {
    id
}

fn main() {}
