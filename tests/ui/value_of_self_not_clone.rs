use cacher::cache;

struct Client(u8);

impl Client {
    #[cache]
    pub fn new(n: u8) -> Option<Self> {
        Some(Self(n))
    }
}

fn main() {
    Client::new(1).map(|client| client.0);
}
