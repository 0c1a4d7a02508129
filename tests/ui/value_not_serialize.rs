use cacher::cache;

#[derive(Clone)]
struct Page;

#[cache(backend = "file://./x")]
fn page(id: u64) -> Page {
    let _ = id;
    Page
}

fn main() {}
