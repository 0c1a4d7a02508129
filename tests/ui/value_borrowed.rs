use cacher::cache;

#[cache]
fn first(text: &str) -> &str {
    &text[..1]
}

fn main() {}
