use cacher::cache;

struct Client;

#[cache]
impl Client {
    fn get(&self, id: u64) -> u64 {
        id
    }
}

fn main() {
    Client.get(1);
}
