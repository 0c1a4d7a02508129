//! `(&str, u64) -> Arc<str>` and `-> String`.

use std::sync::Arc;

use cached::macros::{cached, concurrent_cached};
use cacher::cache;
use equivalent::Equivalent;
use memoize::memoize;

use super::{ROOM, TTL, bare, each, names, numbers};
use crate::harness::{Column, Row};

fn shared(path: &str, page: u64) -> Arc<str> {
    owned(path, page).into()
}

fn owned(path: &str, page: u64) -> String {
    format!("{path}?page={page}")
}

#[cache(ttl = "1h")]
fn to_arc(path: &str, page: u64) -> Arc<str> {
    shared(path, page)
}

#[cache]
fn to_string(path: &str, page: u64) -> String {
    owned(path, page)
}

#[cached(ttl_secs = 3600, key = "(String, u64)", convert = { (path.to_owned(), page) })]
fn cached_to_arc(path: &str, page: u64) -> Arc<str> {
    shared(path, page)
}

#[cached(key = "(String, u64)", convert = { (path.to_owned(), page) })]
fn cached_to_string(path: &str, page: u64) -> String {
    owned(path, page)
}

#[concurrent_cached(ttl_secs = 3600, key = "(String, u64)", convert = { (path.to_owned(), page) })]
fn concurrent_to_arc(path: &str, page: u64) -> Arc<str> {
    shared(path, page)
}

#[concurrent_cached(key = "(String, u64)", convert = { (path.to_owned(), page) })]
fn concurrent_to_string(path: &str, page: u64) -> String {
    owned(path, page)
}

#[expect(clippy::needless_pass_by_value, reason = "as memoize wants it")]
#[memoize(SharedCache, TimeToLive: TTL)]
fn memoize_to_arc(path: String, page: u64) -> Arc<str> {
    shared(&path, page)
}

#[expect(clippy::needless_pass_by_value, reason = "as memoize wants it")]
#[memoize(SharedCache)]
fn memoize_to_string(path: String, page: u64) -> String {
    owned(&path, page)
}

/// A key to look up without allocating.
#[derive(Hash)]
struct Borrowed<'a>(&'a str, u64);

impl Equivalent<(String, u64)> for Borrowed<'_> {
    fn equivalent(&self, key: &(String, u64)) -> bool {
        self.0 == key.0 && self.1 == key.1
    }
}

pub(super) fn rows() -> Vec<Row> {
    let keys: Vec<(&'static str, u64)> = numbers().iter().map(|&n| (&*format!("/users/{n}").leak(), n)).collect();
    let keys: &'static [_] = keys.leak();
    let (arcs, strings) = (bare::<(String, u64), Arc<str>>(ROOM), bare::<(String, u64), String>(ROOM));
    let moka_arcs = moka::sync::Cache::builder().max_capacity(ROOM).time_to_live(TTL).build();
    let moka_strings = moka::sync::Cache::new(ROOM);
    for &(path, page) in keys {
        let key = || (path.to_owned(), page);
        arcs.insert(key(), shared(path, page));
        strings.insert(key(), owned(path, page));
        moka_arcs.insert(key(), shared(path, page));
        moka_strings.insert(key(), owned(path, page));
    }
    vec![
        Row::new(names::ARC_TTL)
            .with(Column::Cacher, each(keys, |(path, page)| to_arc(path, page)))
            .with(Column::Bare, each(keys, move |(path, page)| arcs.get(&Borrowed(path, page))))
            .with(Column::Cached, each(keys, |(path, page)| cached_to_arc(path, page)))
            .with(Column::ConcurrentCached, each(keys, |(path, page)| concurrent_to_arc(path, page)))
            .with(Column::Memoize, each(keys, |(path, page)| memoize_to_arc(path.to_owned(), page)))
            .with(Column::Moka, each(keys, move |(path, page)| moka_arcs.get(&Borrowed(path, page)))),
        Row::new("hit `(&str, u64) -> String`")
            .own_clone(1)
            .with(Column::Cacher, each(keys, |(path, page)| to_string(path, page)))
            .with(Column::Bare, each(keys, move |(path, page)| strings.get(&Borrowed(path, page))))
            .with(Column::Cached, each(keys, |(path, page)| cached_to_string(path, page)))
            .with(Column::ConcurrentCached, each(keys, |(path, page)| concurrent_to_string(path, page)))
            .with(Column::Memoize, each(keys, |(path, page)| memoize_to_string(path.to_owned(), page)))
            .with(Column::Moka, each(keys, move |(path, page)| moka_strings.get(&Borrowed(path, page)))),
    ]
}
