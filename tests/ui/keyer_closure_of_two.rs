use cacher::cache;

#[cache(backend = "file://./.cache", keyer = |function, arguments| format!("{function}-{arguments}"))]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {}
