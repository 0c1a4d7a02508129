use cacher::cache;

#[cache(tags = ["user:{id}", "of:{token}"], secret = [token])]
fn user(id: u64, token: &str) -> String {
    format!("user {id} ({})", token.len())
}

fn main() {}
