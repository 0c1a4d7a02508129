use cacher::cache;

#[cache(ttl = "5m")]
struct Page;

fn main() {}
