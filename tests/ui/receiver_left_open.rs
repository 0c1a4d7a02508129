use cacher::cache;

struct Client;

impl Client {
    #[cache]
    fn get(&self, id: u64) -> u64 {
        id
    }
}

fn main() {
    Client.get(1);
}
