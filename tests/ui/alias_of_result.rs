use cacher::cache;

#[cache]
fn read(path: &str) -> std::fmt::Result {
    let _ = path;
    Ok(())
}

#[cache]
fn parse(text: &str) -> Parsed {
    text.parse()
}

type Parsed = std::result::Result<u64, std::num::ParseIntError>;

fn main() {}
