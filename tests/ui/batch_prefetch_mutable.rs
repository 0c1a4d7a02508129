use cacher::cache;

#[cache(prefetch, ignore = [log])]
fn value(id: u64, log: &mut Vec<u64>) -> u64 {
    log.push(id);
    id
}

fn main() {}
