//! Every form of the items' argument and of the answers, with what stands beside each.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use cacher::{Removal, cache};

#[cache(batch = ids, ttl = "1h")]
fn of_a_set(ids: &HashSet<u64>, by: u64) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, id * by)).collect()
}

#[cache(batch = ids)]
fn of_a_vec(ids: &Vec<String>) -> BTreeMap<String, usize> {
    ids.iter().map(|id| (id.clone(), id.len())).collect()
}

#[cache(batch = ids)]
fn given_away(ids: BTreeSet<u64>) -> HashMap<u64, u64> {
    ids.into_iter().map(|id| (id, id)).collect()
}

#[cache(batch = ids)]
fn of_anything(ids: impl IntoIterator<Item = u64>) -> Vec<u64> {
    ids.into_iter().map(|id| id + 1).collect()
}

#[cache(batch = ids)]
fn of_an_iterator(ids: impl Iterator<Item = u64>) -> Vec<u64> {
    ids.map(|id| id + 1).collect()
}

#[cache(batch = prices)]
fn of_a_map(prices: &HashMap<String, u64>, rate: u64) -> HashMap<String, u64> {
    prices.iter().map(|(name, price)| (name.clone(), price * rate)).collect()
}

#[cache(batch = prices)]
fn of_a_map_given_away(prices: BTreeMap<u8, u64>) -> BTreeMap<u8, u64> {
    prices.into_iter().map(|(name, price)| (name, price + 1)).collect()
}

#[cache(batch = (xs, ys))]
fn side_by_side(xs: &[u64], ys: Vec<u64>) -> Result<Vec<u64>, cacher::Error> {
    Ok(xs.iter().zip(ys).map(|(x, y)| x * 100 + y).collect())
}

#[cache(batch = product(xs, ys), ignore = [times])]
fn each_with_each(xs: &[u64], ys: &[u64], times: &std::sync::atomic::AtomicU64) -> HashMap<(u64, u64), u64> {
    use std::sync::atomic::Ordering::SeqCst;
    times.fetch_add((xs.len() * ys.len()) as u64, SeqCst);
    xs.iter().flat_map(|x| ys.iter().map(move |y| ((*x, *y), x * 100 + y))).collect()
}

#[derive(Clone)]
struct Request {
    ids: Vec<u64>,
    lang: &'static str,
}

#[cache(
    batch = request,
    extract = |request| request.ids.clone(),
    combine = |request, ids| Request { ids, ..request.clone() },
    ignore = [calls]
)]
fn of_a_request(request: &Request, calls: &std::sync::Mutex<Vec<Vec<u64>>>) -> Vec<String> {
    calls.lock().unwrap().push(request.ids.clone());
    request.ids.iter().map(|id| format!("{id} {}", request.lang)).collect()
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Item {
    tenant: String,
    id: u64,
}

#[cache(batch = items, key = (items.tenant, items.id + 1, deep), ttl = lives(items))]
fn by_key(items: &[Item], deep: bool, _noise: u8) -> Vec<u64> {
    assert!(deep);
    items.iter().map(|item| item.id).collect()
}

fn lives(item: &Item) -> std::time::Duration {
    std::time::Duration::from_secs(item.id)
}

#[cache(batch = ids, key = "post:{ids}:{lang}")]
fn by_template(ids: &[u64], lang: &str) -> Vec<String> {
    ids.iter().map(|id| format!("{id}{lang}")).collect()
}

struct Client {
    base: u64,
    cache: cacher::Site,
}

impl Client {
    #[cache(batch = ids, key = (self.base, ids))]
    pub fn sums(&self, ids: &[u64]) -> Vec<u64> {
        ids.iter().map(|id| id + self.base).collect()
    }

    #[cache(batch = ids, site = self.cache)]
    pub async fn own(&self, ids: &[u64], owned: String) -> Result<HashMap<u64, String>, String> {
        Ok(ids.iter().map(|id| (*id, format!("{owned}{id}"))).collect())
    }
}

trait Repo {
    fn names(&self, ids: &[u64]) -> Vec<String>;
}

#[cache(companions = Repos)]
impl Repo for Client {
    #[cache(batch = ids, ignore = [self])]
    fn names(&self, ids: &[u64]) -> Vec<String> {
        ids.iter().map(|id| format!("n{id}")).collect()
    }
}

#[cache(batch = ids, thread_local)]
fn on_this_thread(ids: &[u64]) -> Vec<std::rc::Rc<u64>> {
    ids.iter().map(|id| std::rc::Rc::new(*id)).collect()
}

#[cache(batch = ids)]
fn generic<T: std::fmt::Display + Clone + Eq + std::hash::Hash + Send + Sync + 'static>(ids: &[T]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

#[test]
fn sets_vectors_and_iterators() {
    assert_eq!(of_a_set(&HashSet::from([1, 2]), 3), HashMap::from([(1, 3), (2, 6)]));
    assert_eq!(of_a_set(&HashSet::from([2, 5]), 3), HashMap::from([(2, 6), (5, 15)]));
    assert_eq!(of_a_set::one(5, 3), Some(15));
    assert_eq!(of_a_set::cache().stats().hits, 2);
    assert_eq!(of_a_vec(&vec!["a".into(), "bcd".into()])["bcd"], 3);
    assert_eq!(of_a_vec::entry("a".into()).peek(), Some(1));
    assert_eq!(given_away(BTreeSet::from([1, 2])).len(), 2);
    assert_eq!(given_away::entries(BTreeSet::from([0, 1, 2])).peek(), [None, Some(1), Some(2)]);
    assert_eq!(of_anything([1, 2, 1]), [2, 3, 2]);
    assert_eq!(of_anything(vec![2]), [3]);
    assert_eq!(of_anything::one(2), 3);
    assert_eq!(of_anything::cache().stats().loads, 1);
    assert_eq!(of_anything::entries([1, 2, 3]).contains(), [true, true, false]);
    assert_eq!(of_an_iterator(1..4), [2, 3, 4]);
    assert_eq!(of_an_iterator::one(3), 4);
    assert_eq!(of_an_iterator::cache().stats().loads, 1);
}

#[test]
fn maps_in_and_out() {
    let prices = HashMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]);
    assert_eq!(of_a_map(&prices, 10), HashMap::from([("a".to_owned(), 10), ("b".to_owned(), 20)]));
    assert_eq!(of_a_map::entry(("a".to_owned(), 1), 10).peek(), Some(10));
    assert_eq!(of_a_map::entry(("a".to_owned(), 2), 10).peek(), None);
    assert_eq!(of_a_map::one(("a".to_owned(), 1), 10), Some(10));
    assert_eq!(of_a_map_given_away(BTreeMap::from([(1, 1), (2, 2)])), BTreeMap::from([(1, 2), (2, 3)]));
    assert_eq!(of_a_map_given_away::one((2, 2)), Some(3));
    assert_eq!(of_a_map_given_away::cache().stats().loads, 1);
}

#[test]
fn two_lists() {
    assert_eq!(side_by_side(&[1, 2], vec![3, 4]).unwrap(), [103, 204]);
    assert_eq!(side_by_side(&[2, 5], vec![4, 6]).unwrap(), [204, 506]);
    assert_eq!(side_by_side::one(5, 6).unwrap(), 506);
    assert_eq!(side_by_side::entry(5, 6).peek(), Some(506));
    assert_eq!(side_by_side::cache().stats().items, 3);
    let error = side_by_side(&[1], vec![]).unwrap_err().to_string();
    assert!(error.contains("1 items") && error.contains('0'), "{error}");
}

#[test]
fn a_product_loads_the_smallest_product_that_has_what_is_missing() {
    let times = std::sync::atomic::AtomicU64::new(0);
    let asked = || times.load(std::sync::atomic::Ordering::SeqCst);
    static TIMES: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    #[cache(batch = product(xs, ys), ignore = [times])]
    fn pairs(xs: &[u64], ys: &[u64], times: &std::sync::atomic::AtomicU64) -> HashMap<(u64, u64), u64> {
        times.fetch_add((xs.len() * ys.len()) as u64, std::sync::atomic::Ordering::SeqCst);
        xs.iter().flat_map(|x| ys.iter().map(move |y| ((*x, *y), x * 100 + y))).collect()
    }
    assert_eq!(pairs(&[1, 2], &[3, 4], &times).len(), 4);
    assert_eq!(asked(), 4);
    let more = pairs(&[1, 2, 5], &[3, 4, 6], &times);
    assert_eq!(more.len(), 9);
    assert_eq!((more[&(5, 3)], more[&(2, 6)]), (503, 206));
    // Missing are a row and a column: the whole product has them.
    assert_eq!(asked(), 4 + 9);
    pairs(&[5, 7], &[3, 4, 6], &times);
    assert_eq!(asked(), 4 + 9 + 3);
    assert_eq!(each_with_each(&[], &[1], &TIMES).len(), 0);
}

#[test]
fn requests_that_are_taken_apart() {
    let calls = std::sync::Mutex::new(Vec::new());
    let request = |ids: &[u64]| Request { ids: ids.to_vec(), lang: "de" };
    assert_eq!(of_a_request(&request(&[1, 2]), &calls), ["1 de", "2 de"]);
    assert_eq!(of_a_request(&request(&[2, 3]), &calls), ["2 de", "3 de"]);
    assert_eq!(*calls.lock().unwrap(), [vec![1, 2], vec![3]]);
    assert_eq!(of_a_request::entries(&request(&[3, 4])).contains(), [true, false]);
}

#[test]
fn what_identifies_an_item() {
    let item = |tenant: &str, id| Item { tenant: tenant.to_owned(), id };
    assert_eq!(by_key(&[item("a", 1), item("b", 2)], true, 0), [1, 2]);
    assert_eq!(by_key(&[item("b", 2), item("a", 2)], true, 1), [2, 2]);
    assert_eq!(by_key::cache().stats().items, 3);
    let entry = by_key::entry(item("b", 2), true);
    assert!(entry.info().unwrap().fresh_for.unwrap() <= std::time::Duration::from_secs(2));
    assert_eq!(by_template(&[1, 2], "de"), ["1de", "2de"]);
    assert_eq!(by_template::entry(2, "de").peek(), Some("2de".to_owned()));
}

#[tokio::test]
async fn methods() {
    let client = Client { base: 10, cache: cacher::Site::new() };
    assert_eq!(client.sums(&[1, 2]), [11, 12]);
    assert_eq!(client.sums_one(2), 12);
    assert_eq!(client.sums_entry(2).peek(), Some(12));
    assert_eq!(client.sums_entries(&[1, 2, 3]).invalidate(), Removal::Removed);
    assert_eq!(Client::sums_cache().stats().loads, 1);
    assert_eq!(client.own(&[1, 2], "x".into()).await.unwrap()[&2], "x2");
    assert_eq!(client.own_one(2, "x".into()).await.unwrap().as_deref(), Some("x2"));
    assert_eq!(client.own_cache().stats().loads, 1);
    assert_eq!(client.names(&[4]), ["n4"]);
    assert_eq!(Repos::names_one(&client, 4), "n4");
    assert_eq!(Repos::names_entries(&client, &[4, 5]).contains(), [true, false]);
}

#[test]
fn other_homes_and_types() {
    assert_eq!(on_this_thread(&[1, 1]), [1.into(), 1.into()]);
    assert_eq!(on_this_thread::entries(&[1, 2]).contains(), [true, false]);
    assert_eq!(generic(&[1_u8, 2]), ["1", "2"]);
    assert_eq!(generic(&["a".to_owned()]), ["a"]);
    assert_eq!(generic::one("a".to_owned()), "a");
    assert_eq!(generic::entry("a".to_owned()).peek().as_deref(), Some("a"));
}
