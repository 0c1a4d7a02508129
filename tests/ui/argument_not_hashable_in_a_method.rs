use cacher::cache;

struct Pool;
struct Client;

impl Client {
    #[cache(ignore = [self])]
    pub fn user(&self, id: u64, pool: &Pool) -> u64 {
        let _ = pool;
        id
    }
}

fn main() {}
