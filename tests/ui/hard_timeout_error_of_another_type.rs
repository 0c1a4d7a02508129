use cacher::cache;

#[cache(hard_timeout = "2s")]
fn parse(text: &str) -> Result<u64, std::num::ParseIntError> {
    text.parse()
}

fn main() {}
