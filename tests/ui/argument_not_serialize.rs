use cacher::cache;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Id(u64);

#[cache(backend = "file://./x")]
fn user(id: Id) -> u64 {
    id.0
}

fn main() {}
