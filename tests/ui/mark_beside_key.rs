use cacher::cache;

#[cache(key = (id))]
fn user(#[cache(key)] id: u64) -> u64 {
    id
}

fn main() {}
