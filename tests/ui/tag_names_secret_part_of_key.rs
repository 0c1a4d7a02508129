use cacher::cache;

#[cache(key = (id, token.as_str()), secret = [token], tags = ["of:{token.len()}"])]
fn user(id: u64, token: String) -> String {
    format!("user {id} ({})", token.len())
}

fn main() {}
