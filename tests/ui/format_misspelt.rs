use cacher::cache;

#[cache(backend = "file://./x", format = "msgpak")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
