use cacher::cache;

trait Repo {
    fn user(&self, id: u64) -> u64;
}

struct Pg;

#[cache]
impl Repo for Pg {
    #[cache(ignore = [self], companions)]
    fn user(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
