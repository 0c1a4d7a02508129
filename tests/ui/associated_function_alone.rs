use cacher::cache;

struct Client;

impl Client {
    #[cache]
    pub fn square(n: u64) -> u64 {
        n * n
    }
}

fn main() {}
