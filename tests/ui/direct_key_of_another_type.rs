use cacher::Cache;

fn main() {
    let users: Cache<String, u64> = Cache::builder().build().unwrap();
    users.get(&5);
}
