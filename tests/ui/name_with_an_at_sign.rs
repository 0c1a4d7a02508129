use cacher::cache;

#[cache(name = "users@v1")]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
