use cacher::cache;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Client;

impl Client {
    #[cache(batch = ids, ignore = [self])]
    pub fn values(self, ids: &[u64]) -> Vec<u64> {
        ids.to_vec()
    }
}

fn main() {}
