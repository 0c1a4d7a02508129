use cacher::cache;

#[cache]
async fn user(id: u64) -> u64 {
    id
}

fn main() {
    let _ = cacher::bypass(|| user(1));
}
