use cacher::cache;

#[cache(tags = [|name| format!("{name}:{id}")])]
fn user(id: u64) -> String {
    format!("user {id}")
}

fn main() {}
