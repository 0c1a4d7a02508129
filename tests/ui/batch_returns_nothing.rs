use cacher::cache;

#[cache(batch = ids)]
fn values(ids: &[u64]) {
    println!("{ids:?}");
}

fn main() {}
