use cacher::cache;

#[cache(tags = 7)]
fn user(id: u64) -> String {
    format!("user {id}")
}

fn main() {}
