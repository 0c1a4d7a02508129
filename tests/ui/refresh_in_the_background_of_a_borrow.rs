use cacher::cache;

#[cache(ttl = "1m", stale_while_revalidate = "30s", refresh = background)]
fn length(text: &str) -> usize {
    text.len()
}

fn main() {}
