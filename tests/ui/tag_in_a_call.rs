use cacher::cache;

#[cache(tags = [format!("user:{id}")])]
fn user(id: u64) -> String {
    format!("user {id}")
}

fn main() {}
