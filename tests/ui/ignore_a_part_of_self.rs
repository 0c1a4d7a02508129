use cacher::cache;

struct Client {
    calls: u64,
}

impl Client {
    #[cache(ignore = [self.calls])]
    fn get(&self, id: u64) -> u64 {
        self.calls + id
    }
}

fn main() {
    Client { calls: 0 }.get(1);
}
