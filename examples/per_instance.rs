//! With `site = self.field` each instance has a cache of its own: empty in a clone, and gone with the instance.
//!
//! `cargo run --example per_instance`

use cacher::{Site, cache};

/// A text that can be changed, and questions about it that are worth remembering.
#[derive(Clone)]
struct Document {
    text: String,
    /// One field serves any number of methods.
    cache: Site,
}

impl Document {
    fn new(text: &str) -> Self {
        Self { text: text.to_owned(), cache: Site::new() }
    }

    #[cache(site = self.cache)]
    pub fn count(&self, word: &str) -> usize {
        println!("  counting {word:?}");
        self.text.split_whitespace().filter(|other| *other == word).count()
    }

    #[cache(site = self.cache)]
    pub fn longest(&self) -> Option<String> {
        println!("  looking for the longest word");
        self.text.split_whitespace().max_by_key(|word| word.len()).map(str::to_owned)
    }

    /// What was remembered is no longer true, and a new site knows none of it.
    fn append(&mut self, more: &str) {
        self.text.push_str(more);
        self.cache = Site::new();
    }
}

fn main() {
    let mut one = Document::new("to be or not to be");
    println!("The first document is asked twice:");
    assert_eq!((one.count("be"), one.count("be")), (2, 2));
    assert_eq!(one.longest().as_deref(), Some("not"));
    assert_eq!(one.count_cache().stats().hits, 1);

    println!("Its clone begins with nothing cached:");
    let two = one.clone();
    assert_eq!(two.count_entry("be").peek(), None);
    assert_eq!(two.count("be"), 2);

    println!("A change starts afresh:");
    one.append(" that is the question");
    assert_eq!(one.longest().as_deref(), Some("question"));
    assert_eq!(two.count_entry("be").peek(), Some(2));
}
