use cacher::cache;

struct Pool;

struct Client {
    pool: Pool,
}

impl Client {
    #[cache(key = (self.pool, id))]
    fn get(&self, id: u64) -> u64 {
        id
    }
}

fn main() {
    Client { pool: Pool }.get(1);
}
