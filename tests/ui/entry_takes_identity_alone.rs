use cacher::cache;

struct Pool;

#[cache(ignore = [pool])]
fn user(id: u64, pool: &Pool) -> u64 {
    let _ = pool;
    id
}

fn main() {
    user::entry(1, &Pool).invalidate();
}
