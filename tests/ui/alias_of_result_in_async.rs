use cacher::cache;

type Fetched = std::result::Result<u64, String>;

#[cache]
async fn fetch(id: u64) -> Fetched {
    Ok(id)
}

fn main() {}
