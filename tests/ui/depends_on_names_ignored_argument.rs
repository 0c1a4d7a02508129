use cacher::cache;

struct Pool;

#[cache(ignore = [pool], depends_on = [edition(pool)])]
fn user(id: u64, pool: &Pool) -> u64 {
    let _ = pool;
    id
}

fn edition(_pool: &Pool) -> u64 {
    1
}

fn main() {}
