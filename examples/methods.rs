//! What `self` means to the cache of a method is your choice: nothing, a part of it, or all of it.
//!
//! `cargo run --example methods`; for a cache in each instance see `per_instance`.

use cacher::cache;

struct Client {
    base: String,
    timeout_ms: u64,
}

impl Client {
    /// The same whoever asks: all clients share the entries.
    #[cache(ttl = "1h", ignore = [self])]
    pub fn rate(&self, currency: &str) -> u32 {
        println!("  rate({currency}), asked within {} ms", self.timeout_ms);
        if currency == "EUR" { 100 } else { 110 }
    }

    /// The server is part of what is asked, the timeout is not.
    #[cache(ttl = "1h", key = (self.base, path))]
    pub fn page(&self, path: &str) -> String {
        println!("  page({path}) of {}", self.base);
        format!("{}{path}", self.base)
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Board {
    cells: Vec<u8>,
}

impl Board {
    /// All of the board identifies a call, so it must be `Hash + Eq + Clone`.
    #[cache(capacity = 1000, key = (self, depth))]
    pub fn score(&self, depth: u8) -> u32 {
        println!("  score of {:?} to depth {depth}", self.cells);
        self.cells.iter().map(|&cell| u32::from(cell * depth)).sum()
    }
}

fn main() {
    let (one, two) = (client("https://one.example"), client("https://two.example"));
    println!("ignore = [self]: one load for both clients");
    assert_eq!(one.rate("EUR"), two.rate("EUR"));
    assert_eq!(Client::rate_cache().stats().loads, 1);
    println!("key = (self.base, path): one load for each server");
    assert_ne!(one.page("/a"), two.page("/a"));
    one.page_entry("/a").invalidate();
    assert!(!one.page_entry("/a").contains() && two.page_entry("/a").contains());

    println!("key = (self, depth): equal boards share an entry");
    let board = Board { cells: vec![1, 2, 3] };
    assert_eq!(board.score(2), board.clone().score(2));
    assert_eq!(Board::score_cache().stats().hits, 1);
}

fn client(base: &str) -> Client {
    Client { base: base.to_owned(), timeout_ms: 500 }
}
