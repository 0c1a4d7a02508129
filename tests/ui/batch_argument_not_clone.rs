use cacher::cache;

struct Token(u64);

#[cache(batch = ids, ignore = [token])]
fn values(ids: &[u64], token: Token) -> Vec<u64> {
    ids.iter().map(|id| id + token.0).collect()
}

fn main() {}
