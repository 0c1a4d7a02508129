use cacher::cache;

#[cache]
fn text(value: impl ToString) -> String {
    value.to_string()
}

fn main() {}
