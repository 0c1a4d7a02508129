use cacher::cache;

#[cache(result = true)]
fn square(n: u64) -> Result<u64, String> {
    Ok(n * n)
}

fn main() {}
