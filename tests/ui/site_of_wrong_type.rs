use cacher::cache;

struct Client {
    cache: u64,
}

impl Client {
    #[cache(site = self.cache)]
    fn get(&self, id: u64) -> u64 {
        id
    }
}

fn main() {
    Client { cache: 0 }.get(1);
}
