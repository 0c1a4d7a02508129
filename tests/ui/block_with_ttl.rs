use cacher::cache;

struct Client;

#[cache(ttl = "5m")]
impl Client {
    #[cache(ignore = [self])]
    fn get(&self, id: u64) -> u64 {
        id
    }
}

fn main() {
    Client.get(1);
}
