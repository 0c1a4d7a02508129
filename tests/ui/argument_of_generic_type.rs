use cacher::cache;

#[cache]
fn text<T: ToString + Send + Sync + 'static>(value: T) -> String {
    value.to_string()
}

fn main() {}
