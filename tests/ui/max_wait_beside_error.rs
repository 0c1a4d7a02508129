use cacher::cache;

#[cache(rate_limit = "10/s", max_wait = "10s", on_limit = error)]
fn fetch(url: &str) -> Result<String, cacher::Error> {
    Ok(url.to_owned())
}

fn main() {}
