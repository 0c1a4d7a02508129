use cacher::cache;

#[derive(PartialEq, Eq, Hash)]
struct Id(u64);

#[cache]
fn user(id: Id) -> u64 {
    id.0
}

fn main() {}
