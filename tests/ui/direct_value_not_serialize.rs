use cacher::Cache;

#[derive(Clone)]
struct User;

fn main() {
    let _: Cache<String, User> = Cache::builder().backend("file://./users").build().unwrap();
}
