use cacher::cache;

#[cache(breaker = "150%/10s")]
fn fetch(url: &str) -> Result<String, cacher::Error> {
    Ok(url.to_owned())
}

fn main() {}
