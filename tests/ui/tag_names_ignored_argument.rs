use cacher::cache;

#[cache(tags = ["user:{id}:{lang}"], ignore = [lang])]
fn user(id: u64, lang: &str) -> String {
    format!("user {id} ({lang})")
}

fn main() {}
