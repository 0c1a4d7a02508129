use cacher::cache;

struct Edition;

fn edition() -> Edition {
    Edition
}

#[cache(depends_on = [edition()])]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
