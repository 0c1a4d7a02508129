use cacher::cache;

#[cache(file_name = |call| call.function().to_owned())]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {}
