//! A union does not say which of its fields it holds.

#[derive(cacher::Schema)]
union Bits {
    float: f32,
    number: u32,
}

fn main() {}
