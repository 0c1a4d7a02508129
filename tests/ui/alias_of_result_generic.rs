use cacher::cache;

type Fetched<T> = std::result::Result<T, String>;

#[cache]
fn fetch<T: Default + Clone + Send + Sync + 'static>() -> Fetched<T> {
    Ok(T::default())
}

fn main() {
    let _ = fetch::<u64>();
}
