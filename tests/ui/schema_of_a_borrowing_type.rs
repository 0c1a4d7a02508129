//! What a store gives back owns what it holds.

#[derive(cacher::Schema)]
struct Post<'a> {
    title: &'a str,
}

fn main() {}
