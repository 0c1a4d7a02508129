use cacher::cache;

#[cache(backend = "file://./x", format = "json+bare", single)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
