//! Your own types as arguments and values, in memory and in files, and handles that are no part of the question.
//!
//! `cargo run --example custom_types`

use std::cell::Cell;

use cacher::cache;
use serde::{Deserialize, Serialize};

/// An argument is compared and hashed; a store asks for `Serialize` as well.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
struct Query {
    words: Vec<String>,
    language: Language,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize)]
enum Language {
    English,
    German,
}

/// A value is cloned out of memory; a store asks for `Serialize` and `Deserialize` as well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Hit {
    title: String,
    score: f64,
}

/// A handle that can be neither compared nor shared.
#[derive(Default)]
struct Connection {
    queries: Cell<u32>,
}

/// The handle is ignored where it stands, and needs no trait at all. Memory is asked first, then the files.
#[cache(backend = ["memory://?capacity=1000", "file://./.cache/custom_types"], ttl = "1h")]
fn search(query: &Query, limit: Option<usize>, #[cache(ignore)] connection: &Connection) -> Vec<Hit> {
    connection.queries.set(connection.queries.get() + 1);
    let scores = [0.9, 0.5, 0.1];
    let hits = query.words.iter().zip(scores).map(|(word, score)| Hit { title: word.to_uppercase(), score });
    hits.take(limit.unwrap_or(usize::MAX)).collect()
}

fn main() {
    search::cache().clear();
    let words = ["cold", "brew"].map(str::to_owned).to_vec();
    let query = Query { words, language: Language::English };
    let connection = Connection::default();

    let hits = search(&query, Some(2), &connection);
    println!("{hits:#?}");
    assert_eq!(search(&query.clone(), Some(2), &Connection::default()), hits, "an equal query is the same one");
    assert_eq!(connection.queries.get(), 1);

    search(&Query { language: Language::German, ..query.clone() }, Some(2), &connection);
    assert_eq!(connection.queries.get(), 2, "another language is another query");
    println!("{}", search::entry(&query, Some(2)).explain());
}
