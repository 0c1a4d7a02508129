use cacher::cache;

trait Repo {
    #[cache(ignore = [self])]
    fn user(&self, id: u64) -> u64;
}

fn main() {}
