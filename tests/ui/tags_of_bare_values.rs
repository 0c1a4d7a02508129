use cacher::cache;

#[cache(backend = "file://./.cache", format = "json+bare", keyer = readable, tags = ["user:{id}"])]
fn user(id: u64) -> String {
    format!("user {id}")
}

fn main() {}
