use cacher::cache;

struct Page;
struct Client;

impl Client {
    #[cache(ignore = [self])]
    pub fn page(&self, id: u64) -> Page {
        let _ = id;
        Page
    }
}

fn main() {}
