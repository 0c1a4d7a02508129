use cacher::cache;

#[cache(error_if = |_| true)]
fn parse(text: &str) -> Result<u64, std::num::ParseIntError> {
    text.parse()
}

fn main() {}
