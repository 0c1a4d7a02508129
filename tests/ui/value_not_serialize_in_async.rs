use cacher::cache;

#[derive(Clone)]
struct Page;

#[cache(backend = "file://./x")]
async fn page(id: u64) -> Result<Page, String> {
    let _ = id;
    Ok(Page)
}

fn main() {}
