use cacher::cache;

#[cache(revalidate = "7d")]
fn fetch(id: u64) -> u64 {
    id
}

fn main() {}
