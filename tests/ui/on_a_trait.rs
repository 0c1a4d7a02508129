use cacher::cache;

#[cache]
trait Repo {
    fn user(&self, id: u64) -> u64;
}

fn main() {}
