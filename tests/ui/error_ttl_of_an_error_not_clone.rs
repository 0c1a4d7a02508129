use cacher::cache;

#[cache(error_ttl = "30s", error_if = |_| true)]
fn read(path: &str) -> Result<String, std::io::Error> {
    std::fs::read_to_string(path)
}

fn main() {}
