use cacher::cache;

struct Pool;

#[cache]
async fn user(id: u64, pool: &Pool) -> u64 {
    let _ = pool;
    id
}

fn main() {}
