use cacher::cache;

mod user {}

#[cache]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
