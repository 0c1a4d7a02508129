use cacher::cache;

#[cache(hard_timeout = "0s")]
fn square(n: u64) -> Result<u64, cacher::Error> {
    Ok(n * n)
}

fn main() {}
