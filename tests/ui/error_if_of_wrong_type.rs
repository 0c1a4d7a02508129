use cacher::cache;

#[cache(error_ttl = "30s", error_if = |error| error.to_string())]
fn parse(text: &str) -> Result<u64, std::num::ParseIntError> {
    text.parse()
}

fn main() {}
