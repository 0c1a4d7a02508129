use cacher::cache;

#[cache(result, value)]
fn square(n: u64) -> Result<u64, String> {
    Ok(n * n)
}

fn main() {}
