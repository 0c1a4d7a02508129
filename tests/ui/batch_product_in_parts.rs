use cacher::cache;

#[cache(batch = product(xs, ys), max_batch = 10)]
fn sums(xs: &[u64], ys: &[u64]) -> Vec<u64> {
    xs.iter().flat_map(|x| ys.iter().map(move |y| x + y)).collect()
}

fn main() {}
