use cacher::cache;

#[cache]
fn make<T: Default + Clone + Send + Sync + 'static>() -> T {
    T::default()
}

fn main() {}
