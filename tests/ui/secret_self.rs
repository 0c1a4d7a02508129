use cacher::cache;

struct Client;

impl Client {
    #[cache(secret = [self])]
    fn get(&self, n: u64) -> u64 {
        n
    }
}

fn main() {}
