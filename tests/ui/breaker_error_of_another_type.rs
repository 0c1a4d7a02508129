use cacher::cache;

#[cache(breaker = "50%/10s")]
fn parse(text: &str) -> Result<u64, std::num::ParseIntError> {
    text.parse()
}

fn main() {}
