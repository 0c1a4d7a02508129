//! Functions over many items, with arguments called as what is generated might be.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Debug,
    hash::Hash,
};

use crate::{Client, Mistake};

/// The doubles.
#[memo::cache(crate = ::memo, batch = key, ttl = "5m")]
#[must_use]
pub fn doubled(key: &[u64]) -> Vec<u64> {
    key.iter().map(|item| item * 2).collect()
}

/// Some of them.
///
/// # Errors
/// When there are none.
#[memo::cache(crate = ::memo, batch = items, none_ttl = "1m", on_error = partial, max_batch = 10, parallel = 2)]
pub fn found(items: &[u64], cache: &str, result: u8, at: u8) -> Result<HashMap<u64, String>, Mistake> {
    if items.is_empty() {
        return Err(Mistake::Absent);
    }
    Ok(items.iter().map(|item| (*item, format!("{item}{cache}{result}{at}"))).collect())
}

/// The same later.
///
/// # Errors
/// When there are none.
#[memo::cache(
    crate = ::memo,
    batch = at,
    batch_window = "2ms",
    max_batch = 10,
    parallel = 2,
    stream,
    prefetch,
    rate_limit = "10/s",
    per_item
)]
pub async fn found_later(at: Vec<u64>, items: String, parts: &str) -> Result<Vec<Option<String>>, Mistake> {
    std::future::ready(()).await;
    Ok(at.into_iter().map(|id| Some(format!("{id}{items}{parts}"))).collect())
}

/// Of a set.
#[memo::cache(crate = ::memo, batch = list, prefetch, max_batch = 10, stream)]
#[must_use]
pub fn of_a_set(list: &BTreeSet<String>, columns: usize) -> BTreeMap<String, usize> {
    list.iter().map(|item| (item.clone(), item.len() + columns)).collect()
}

/// Of a map.
#[memo::cache(crate = ::memo, batch = parts)]
#[must_use]
pub fn of_a_map(parts: BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    parts
}

/// Of anything.
#[memo::cache(crate = ::memo, batch = asked)]
pub fn of_anything(asked: impl IntoIterator<Item = u64>) -> Vec<u64> {
    asked.into_iter().collect()
}

/// Of two lists.
///
/// # Errors
/// When one is longer.
#[memo::cache(crate = ::memo, batch = (left, right))]
pub fn side_by_side(left: &[u64], right: &[u64]) -> Result<Vec<u64>, Mistake> {
    Ok(left.iter().zip(right).map(|(one, other)| one + other).collect())
}

/// Of a product.
#[memo::cache(crate = ::memo, batch = product(rows, columns))]
#[must_use]
pub fn product(rows: &[u64], columns: &[u64]) -> HashMap<(u64, u64), u64> {
    rows.iter().flat_map(|row| columns.iter().map(move |column| ((*row, *column), row * column))).collect()
}

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    /// For these.
    ids: Vec<u64>,
    /// More than this.
    least: u64,
}

/// Of a request.
#[memo::cache(
    crate = ::memo,
    batch = whole,
    extract = |whole| whole.ids.clone(),
    combine = |whole, ids| Request { ids, ..whole.clone() }
)]
#[must_use]
pub fn taken_apart(whole: &Request) -> Vec<u64> {
    whole.ids.iter().map(|id| id.max(&whole.least)).copied().collect()
}

/// Of any type.
#[memo::cache(crate = ::memo, batch = name, key = (name, terms))]
#[must_use]
pub fn generic<T>(name: &[T], terms: &str) -> Vec<String>
where
    T: Debug + Clone + Eq + Hash + Send + Sync + 'static,
{
    name.iter().map(|item| format!("{item:?}{terms}")).collect()
}

impl Client {
    /// By where.
    #[memo::cache(crate = ::memo, batch = ids, key = (self.base, ids), ttl = "1h")]
    #[must_use]
    pub fn many(&self, ids: &[u64]) -> Vec<String> {
        ids.iter().map(|id| format!("{}{id}", self.base)).collect()
    }

    /// For each client.
    ///
    /// # Errors
    /// None.
    #[memo::cache(crate = ::memo, batch = ids, site = self.cache, batch_window = "1ms")]
    pub async fn many_own(&self, ids: Vec<u64>) -> Result<HashMap<u64, usize>, Mistake> {
        std::future::ready(()).await;
        Ok(ids.into_iter().map(|id| (id, self.base.len())).collect())
    }
}

/// Has many users.
pub trait ManyUsers: Debug {
    /// Their names.
    fn many_names(&self, ids: &[u64]) -> Vec<String>;
}

#[memo::cache(crate = ::memo, companions = ClientManyUsers)]
impl ManyUsers for Client {
    #[memo::cache(batch = ids, ignore = [self])]
    fn many_names(&self, ids: &[u64]) -> Vec<String> {
        ids.iter().map(|id| format!("{}{id}", self.base)).collect()
    }
}

/// The first name.
#[must_use]
pub fn first_name(client: &Client) -> String {
    let _ = ClientManyUsers::many_names_entries(client, &[1]).peek();
    ClientManyUsers::many_names_one(client, 1)
}
