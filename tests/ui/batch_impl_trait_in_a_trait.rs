use cacher::cache;

trait Repo {
    fn names(&self, ids: impl IntoIterator<Item = u64>) -> Vec<String>;
}

struct Client;

#[cache]
impl Repo for Client {
    #[cache(batch = ids, ignore = [self])]
    fn names(&self, ids: impl IntoIterator<Item = u64>) -> Vec<String> {
        ids.into_iter().map(|id| id.to_string()).collect()
    }
}

fn main() {}
