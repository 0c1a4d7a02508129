use cacher::cache;

#[cache(backend = "file://./.cache", keyer = cacher::keyer::Readable::new().unnamed(label))]
fn double(n: u32, label: &'static str) -> usize {
    n as usize * label.len()
}

fn main() {}
