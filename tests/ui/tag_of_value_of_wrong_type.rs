use cacher::cache;

#[cache(tags = [|name| name.len()])]
fn user(id: u64) -> String {
    format!("user {id}")
}

fn main() {}
