use std::{collections::HashMap, sync::Mutex};

use cacher::cache;

static ASKED: Mutex<Vec<Vec<u64>>> = Mutex::new(Vec::new());

#[cache(batch = ids, ttl = "10m")]
fn doubled(ids: &[u64]) -> Vec<u64> {
    ASKED.lock().unwrap().push(ids.to_vec());
    ids.iter().map(|id| id * 2).collect()
}

#[test]
fn only_what_is_missing_is_asked_for() {
    assert_eq!(doubled(&[1, 2]), [2, 4]);
    assert_eq!(doubled(&[2, 3, 3, 1, 4]), [4, 6, 6, 2, 8]);
    assert!(doubled(&[]).is_empty());
    assert_eq!(doubled(&[4]), [8]);
    assert_eq!(*ASKED.lock().unwrap(), [vec![1, 2], vec![3, 4]]);
}

#[cache(batch = ids)]
fn named(ids: &[&str], lang: &str) -> Result<HashMap<String, String>, String> {
    Ok(ids.iter().filter(|id| **id != "nobody").map(|id| ((*id).to_owned(), format!("{id} {lang}"))).collect())
}

#[test]
fn a_map_of_what_there_is() {
    let found = named(&["ann", "nobody", "bob"], "de").unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found["ann"], "ann de");
}

#[cache(batch = ids)]
async fn later(ids: Vec<u64>, by: u64) -> Vec<Option<u64>> {
    ids.into_iter().map(|id| (id != 7).then_some(id + by)).collect()
}

#[tokio::test]
async fn async_functions_too() {
    assert_eq!(later(vec![1, 7, 2], 10).await, [Some(11), None, Some(12)]);
    tokio::spawn(later(vec![1, 3], 10)).await.unwrap();
}
