use cacher::cache;

#[derive(Clone)]
struct Page;

#[cache(max_bytes = "64MiB")]
fn page(id: u64) -> Page {
    let _ = id;
    Page
}

fn main() {}
