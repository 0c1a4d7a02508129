use cacher::cache;

#[cache(backend = format!("file://{directory}"))]
fn read(directory: String) -> u64 {
    directory.len() as u64
}

fn main() {}
