use cacher::cache;

#[cache(tags = ["user:{idd}"])]
fn user(id: u64) -> String {
    format!("user {id}")
}

fn main() {}
