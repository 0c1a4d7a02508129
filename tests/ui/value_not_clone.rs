use cacher::cache;

struct Page;

#[cache]
fn page(id: u64) -> Page {
    let _ = id;
    Page
}

fn main() {}
