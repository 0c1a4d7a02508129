use cacher::cache;

#[cache(backend = ["memory://", "file://./target/ui"], ttl = "1h")]
async fn rows(query: &str, db_password: String) -> usize {
    query.len() + db_password.len()
}

fn main() {}
