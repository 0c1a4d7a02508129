use cacher::cache;

#[cache(batch = (xs, ys, zs))]
fn sums(xs: &[u64], ys: &[u64], zs: &[u64]) -> Vec<u64> {
    xs.iter().zip(ys).zip(zs).map(|((x, y), z)| x + y + z).collect()
}

fn main() {}
