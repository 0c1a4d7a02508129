use cacher::cache;

#[cache(backend = cacher::backend::file::Files::new("target/ui"))]
fn login((user, password): (&str, &str)) -> usize {
    user.len() + password.len()
}

fn main() {}
