use cacher::cache;

struct Pool;

#[cache]
fn user(id: u64, #[cache(skip)] pool: &Pool) -> u64 {
    let _ = pool;
    id
}

fn main() {}
