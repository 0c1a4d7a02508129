use cacher::cache;

struct Client;

impl Client {
    #[cache(ttl = "1m", stale_while_revalidate = "30s", refresh = background, ignore = [self])]
    fn square(&self, n: u64) -> u64 {
        n * n
    }
}

fn main() {}
