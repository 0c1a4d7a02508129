//! What stands for a type parameter has to say what it is made of.

use cacher::Schema;

struct Foreign;

#[derive(Schema)]
struct Page<T> {
    items: Vec<T>,
}

fn stored<V: Schema>() {}

fn main() {
    stored::<Page<Foreign>>();
}
