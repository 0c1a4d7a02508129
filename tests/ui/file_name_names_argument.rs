use cacher::cache;

#[cache(backend = "file://./.cache", file_name = |_| format!("double/{n}"))]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {}
