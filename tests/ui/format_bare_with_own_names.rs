use cacher::cache;

#[cache(backend = "file://./x", format = "json+bare", keyer = |call| call.function().to_owned())]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
