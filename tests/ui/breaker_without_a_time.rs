use cacher::cache;

#[cache(breaker = "50%")]
fn fetch(url: &str) -> Result<String, cacher::Error> {
    Ok(url.to_owned())
}

fn main() {}
