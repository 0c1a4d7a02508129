use cacher::cache;

#[cache(ttl = "1m", refresh_at = part)]
fn times(n: u64, part: f64) -> f64 {
    n as f64 * part
}

fn main() {}
