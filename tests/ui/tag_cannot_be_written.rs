use cacher::cache;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Id(u64);

#[cache(tags = ["user:{id}"])]
fn user(id: Id) -> String {
    format!("user {}", id.0)
}

fn main() {}
