use cacher::cache;

#[cache(ttl = std::time::Duration::from_secs(life), ignore = [life])]
fn square(n: u64, life: u64) -> u64 {
    let _ = life;
    n * n
}

fn main() {}
