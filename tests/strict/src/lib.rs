//! Every kind of cached function, in a crate that forbids all it can and calls ours `memo`.
#![forbid(missing_docs, unused, unsafe_code, dead_code, non_camel_case_types, non_snake_case, unreachable_pub)]
#![forbid(missing_debug_implementations, unused_qualifications, single_use_lifetimes, deprecated, rust_2018_idioms)]
#![forbid(clippy::all, clippy::pedantic, clippy::nursery, clippy::unwrap_used, clippy::missing_docs_in_private_items)]

use std::{
    fmt::{self, Debug, Display},
    hash::Hash,
    path::Path,
    rc::Rc,
};

use memo::Site;

pub mod batches;

/// A user: a number and a name.
pub type User = (u64, String);

/// What goes wrong.
#[derive(Debug, Clone)]
pub enum Mistake {
    /// The cache says so.
    Cache(memo::Error),
    /// It is not there.
    Absent,
}

impl Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl From<memo::Error> for Mistake {
    fn from(error: memo::Error) -> Self {
        Self::Cache(error)
    }
}

/// Named by its arguments.
#[memo::cache(crate = ::memo, backend = "file://./target/strict", keyer = readable)]
#[must_use]
pub fn named(key: u64) -> u64 {
    key
}

/// Kept in a format.
#[memo::cache(crate = ::memo, backend = "file://./target/strict", format = "msgpack")]
#[must_use]
pub fn formatted(format: u64) -> u64 {
    format
}

/// Kept in a format that is made.
#[memo::cache(crate = ::memo, backend = "file://./target/strict", format = memo::format::Format::named("json+bare"))]
#[must_use]
pub fn bare(key: u64) -> u64 {
    key
}

/// Named by a path.
#[memo::cache(crate = ::memo, backend = "file://./target/strict", file_name = |key| format!("{}/x", key.function()))]
#[must_use]
pub fn placed(key: u64) -> u64 {
    key
}

/// With all that is put around a store; what it is made of is found by the user's own paths.
#[memo::cache(
    crate = ::memo,
    backend = "file://./target/strict",
    write = memo::backend::background::Background::new().capacity(10),
    revisions = 3
)]
#[must_use]
pub fn revised(key: u64) -> u64 {
    key
}

/// The same in the background of another colour.
#[memo::cache(crate = ::memo, backend = "file://./target/strict", write = background, revisions = 3)]
pub async fn revised_later(cache: u64) -> u64 {
    cache
}

/// One slot, whose value is moved aside.
#[memo::cache(crate = ::memo, backend = "file://./target/strict", single, archive, ttl = "1h")]
#[must_use]
pub fn slot(key: u64) -> u64 {
    key
}

/// The square.
#[memo::cache(crate = ::memo)]
#[must_use]
pub fn square(n: u64) -> u64 {
    cube(n) / n
}

/// The cube.
#[memo::cache(crate = ::memo, ttl = "5m", tti = "1m", jitter = "1s", capacity = 10)]
fn cube(n: u64) -> u64 {
    n * n * n
}

/// The length.
///
/// # Errors
/// When it is long.
#[memo::cache(crate = ::memo, none_ttl = "1s", cache_if = |value| value.is_some(), name = "lengths")]
pub fn length(text: &str, path: &Path, (a, b): (u8, u8), mut n: u8) -> Result<Option<usize>, Mistake> {
    n += a + b;
    let length = text.len() + path.as_os_str().len() + usize::from(n);
    if length > 1000 {
        return Err(Mistake::Absent);
    }
    Ok(Some(length))
}

/// A user, from a file.
///
/// # Errors
/// When there is none.
#[memo::cache(crate = ::memo, backend = ["memory://?capacity=100", "file://./target/users"], ttl = "1h")]
pub async fn user(id: u64, #[cache(ignore)] shown: &(dyn Fn(u64) + Sync)) -> Result<User, Mistake> {
    shown(id);
    std::future::ready(()).await;
    Ok((id, id.to_string()))
}

/// Text.
#[memo::cache(crate = ::memo)]
pub fn text<T, const N: usize>(value: &T) -> String
where
    T: Display + Hash + Eq + Clone + Send + Sync + 'static,
{
    format!("{value:N$}")
}

/// Posts, of which the key is hidden.
#[memo::cache(crate = ::memo, backend = "file://./target/posts", secret = [api_key], version = "v1")]
#[must_use]
pub fn posts(endpoint: &str, api_key: &str, #[cache(key)] password: u8) -> usize {
    endpoint.len() + api_key.len() + usize::from(password)
}

/// A page, by a template.
#[memo::cache(crate = ::memo, key = "page:{user.0}:{page}", ignore = [log], version = code, depends = [cube, Client::get])]
pub fn shown(user: &User, page: u64, log: &mut Vec<String>) -> String {
    log.push(user.1.clone());
    format!("{}{page}", user.0)
}

/// Words of a file.
#[memo::cache(crate = ::memo, depends_on = [memo::modified(path), path.as_os_str().len()], version = code, companions = false)]
pub async fn words(path: &Path) -> usize {
    std::future::ready(path.as_os_str().len()).await
}

/// A count for each thread.
#[memo::cache(crate = ::memo, thread_local)]
#[must_use]
pub fn counted(n: u64) -> Rc<u64> {
    Rc::new(n)
}

/// Without companions.
#[memo::cache(crate = ::memo, companions = false)]
#[must_use]
pub fn alone(n: u64) -> Vec<u64> {
    vec![n]
}

/// A client.
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// Where.
    base: String,
    /// What it has seen.
    cache: Site,
}

impl Client {
    /// By where.
    #[memo::cache(crate = ::memo, key = (self.base, path))]
    #[must_use]
    pub fn get(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// For each.
    #[memo::cache(crate = ::memo, site = self.cache)]
    #[must_use]
    pub fn own(&self, n: usize) -> usize {
        n + self.base.len()
    }

    /// For all.
    #[memo::cache(crate = ::memo, ignore = [self])]
    pub async fn shared(&self, n: usize) -> usize {
        std::future::ready(n + self.base.len()).await
    }
}

/// A page.
#[derive(Debug)]
pub struct Page<T>(T);

#[memo::cache(crate = ::memo)]
impl<T: Clone + Debug + Send + Sync + 'static> Page<T> {
    /// Its text.
    #[memo::cache(ignore = [self])]
    pub fn text(&self, n: usize) -> String {
        format!("{:?}{n}", self.0)
    }

    /// Has no receiver.
    #[memo::cache]
    #[must_use]
    pub fn twice(n: usize) -> usize {
        2 * n
    }
}

/// Has users.
pub trait Users: Debug {
    /// A name.
    fn name(&self, id: u64) -> String;
}

#[memo::cache(crate = ::memo, companions = ClientUsers)]
impl Users for Client {
    #[memo::cache(ignore = [self])]
    fn name(&self, id: u64) -> String {
        format!("{}{id}", self.base)
    }
}

/// The names there are.
#[must_use]
pub fn names(client: &Client) -> Option<String> {
    ClientUsers::name_entry(client, 1).peek()
}

/// A rate, and who decides beside it.
///
/// # Errors
/// When the rate is reached.
#[memo::cache(crate = ::memo, rate_limit = "10/s", burst = 2, variance = 0.1, per = host, on_limit = error)]
pub fn limited(host: &str, page: u64) -> Result<u64, Mistake> {
    if host.is_empty() {
        Err(Mistake::Absent)
    } else {
        Ok(page)
    }
}

/// Decides nothing.
#[derive(Debug)]
struct Nothing;

impl memo::strategy::Strategy for Nothing {}

/// Changes nothing.
#[derive(Debug)]
struct Same;

impl<V> memo::strategy::Transform<V> for Same {}

/// With strategies.
#[memo::cache(crate = ::memo, strategies = [Nothing, Same])]
pub async fn decided(n: u64) -> Option<u64> {
    Some(n)
}
