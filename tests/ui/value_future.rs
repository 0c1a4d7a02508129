use cacher::cache;
use std::future::Future;

#[cache]
fn number(n: u64) -> impl Future<Output = u64> {
    async move { n }
}

fn main() {}
