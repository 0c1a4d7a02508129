use cacher::cache;

#[cache(breaker = 0.5)]
fn fetch(url: &str) -> Result<String, cacher::Error> {
    Ok(url.to_owned())
}

fn main() {}
