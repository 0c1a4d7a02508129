use cacher::cache;

#[cache(tags = ["user:{id:?}"])]
fn user(id: u64) -> String {
    format!("user {id}")
}

fn main() {}
