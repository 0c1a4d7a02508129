use cacher::cache;

struct Page;

#[cache]
fn page(id: u64) -> Result<Page, String> {
    let _ = id;
    Ok(Page)
}

fn main() {}
