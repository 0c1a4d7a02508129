//! Entries of several functions that become untrue together, by tags that their arguments and their values say.
//!
//! `cargo run --example tags`

use std::sync::{Mutex, MutexGuard, PoisonError};

use cacher::{Removal, cache, invalidate_tag, invalidate_tags, testing::TempDir};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Post {
    id: u64,
    author: String,
    title: String,
}

/// The table of posts.
static POSTS: Mutex<Vec<Post>> = Mutex::new(Vec::new());

fn table() -> MutexGuard<'static, Vec<Post>> {
    POSTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whose post it is only the post says, so that is a tag of the value.
#[cache(ttl = "1h", tags = ["post:{id}", |post: &Option<Post>| post.as_ref().map(|post| author(&post.author))])]
fn post(id: u64) -> Option<Post> {
    println!("    SELECT * FROM posts WHERE id = {id}");
    table().iter().find(|post| post.id == id).cloned()
}

/// A list has the tag of each post in it, beside that of its author. It is kept in files as well.
#[cache(backend = ["memory://", format!("file://{}", directory())], tags = ["author:{author}", |titles| of_each(titles)])]
fn titles(author: &str) -> Vec<(u64, String)> {
    println!("    SELECT id, title FROM posts WHERE author = '{author}'");
    table().iter().filter(|post| post.author == author).map(|post| (post.id, post.title.clone())).collect()
}

fn author(name: &str) -> String {
    format!("author:{name}")
}

fn of_each(titles: &[(u64, String)]) -> Vec<String> {
    titles.iter().map(|(id, _)| format!("post:{id}")).collect()
}

/// Here a directory that goes with the program; in earnest one that stays.
fn directory() -> String {
    static DIRECTORY: std::sync::LazyLock<TempDir> = std::sync::LazyLock::new(TempDir::new);
    DIRECTORY.path().display().to_string()
}

/// The writer names what is no longer true, and need not know which functions have read it.
fn rename(id: u64, title: &str) -> Removal {
    table().iter_mut().filter(|post| post.id == id).for_each(|post| title.clone_into(&mut post.title));
    invalidate_tag(&format!("post:{id}"))
}

fn show() {
    for id in [1, 2, 3] {
        println!("  post {id}: {}", post(id).map_or_else(|| "none".to_owned(), |post| post.title));
    }
    for name in ["ann", "bob"] {
        println!("  of {name}: {:?}", titles(name).into_iter().map(|(_, title)| title).collect::<Vec<_>>());
    }
}

fn loads() -> (u64, u64) {
    (post::cache().stats().loads, titles::cache().stats().loads)
}

fn main() {
    let written = [(1, "ann", "Tea"), (2, "bob", "Coffee"), (3, "ann", "Milk")];
    table().extend(written.map(|(id, author, title)| Post { id, author: author.into(), title: title.into() }));

    println!("All is read once:");
    show();
    show();
    assert_eq!(loads(), (3, 2));

    println!("A post is renamed; it goes, and the list that it is in:");
    assert_eq!(rename(1, "Green tea"), Removal::Removed);
    show();
    assert_eq!(loads(), (4, 3));

    println!("All of an author goes, her posts by what they say:");
    invalidate_tag("author:ann");
    show();
    assert_eq!(loads(), (6, 4));

    println!("Several tags, and one that nothing has:");
    assert_eq!(invalidate_tags(&["post:2", "author:bob"]), Removal::Removed);
    assert_eq!(invalidate_tag("post:77"), Removal::Absent);
    show();
    assert_eq!(loads(), (7, 5));
}
