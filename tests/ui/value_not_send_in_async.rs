use cacher::cache;
use std::rc::Rc;

#[cache]
async fn page(id: u64) -> Rc<u64> {
    Rc::new(id)
}

fn main() {}
