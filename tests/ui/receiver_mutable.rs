use cacher::cache;

struct Client(u64);

impl Client {
    #[cache]
    fn next(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

fn main() {
    Client(1).next();
}
