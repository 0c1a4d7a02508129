use cacher::cache;

#[cache]
fn make<T: Default + Send + Sync + 'static>() -> Option<T> {
    Some(T::default())
}

fn main() {}
