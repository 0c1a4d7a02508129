use cacher::cache;

#[cache]
fn push(n: u64, list: &mut Vec<u64>) -> u64 {
    list.push(n);
    n
}

fn main() {}
