use cacher::cache;
use std::cell::Cell;

#[derive(Clone)]
struct Page(Cell<u64>);

#[cache]
fn page(id: u64) -> Page {
    Page(Cell::new(id))
}

fn main() {}
