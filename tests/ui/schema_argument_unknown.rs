//! Serde's names are not ours.

#[derive(cacher::Schema)]
#[schema(rename = "post")]
struct Post {
    title: String,
}

fn main() {}
