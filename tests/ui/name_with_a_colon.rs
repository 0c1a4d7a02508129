use cacher::cache;

#[cache(name = "staging:users")]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
