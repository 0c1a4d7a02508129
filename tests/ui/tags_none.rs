use cacher::cache;

#[cache(tags = [])]
fn user(id: u64) -> String {
    format!("user {id}")
}

fn main() {}
