use cacher::cache;

#[cache(batch = (xs, ys), max_batch = 10, stream)]
fn sums(xs: &[u64], ys: &[u64]) -> Vec<u64> {
    xs.iter().zip(ys).map(|(x, y)| x + y).collect()
}

fn main() {}
