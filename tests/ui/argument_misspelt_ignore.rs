use cacher::cache;

struct Pool;

#[cache(ignored = [pool])]
fn user(id: u64, pool: &Pool) -> u64 {
    let _ = pool;
    id
}

fn main() {}
