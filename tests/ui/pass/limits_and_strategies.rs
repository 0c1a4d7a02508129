//! Rate limits and strategies in all their forms, in a crate that forbids what careful crates forbid.
#![no_implicit_prelude]
#![forbid(missing_docs, unused, unsafe_code, dead_code, unused_qualifications, let_underscore_drop)]

use ::std::{
    option::Option::{self, Some},
    result::Result::{self, Ok},
    string::String,
    sync::{Arc, LazyLock},
    time::Duration,
};

use ::cacher::{
    Error, cache,
    strategy::{Condition, RateLimit, Strategy, Transform, Ttl},
};
use ::std::{
    assert_eq,
    clone::Clone,
    convert::{From, Into},
};

static SHARED: LazyLock<Arc<RateLimit>> = LazyLock::new(|| RateLimit::new(1000, SECOND).burst(100).into());
static SHORT: Ttl = Ttl::new(SECOND);
const SECOND: Duration = Duration::from_secs(1);
const BURST: u32 = 5;

struct Nothing;
impl Strategy for Nothing {}

struct Same;
impl<V> Transform<V> for Same {}

struct Failure;
impl From<Error> for Failure {
    fn from(_: Error) -> Self {
        Self
    }
}

#[cache(rate_limit = "10/s", burst = BURST, variance = 0.1)]
fn plain(limit: u64, on_limit: u64) -> u64 {
    limit + on_limit
}

#[cache(rate_limit = "1000/1m", per = host, on_limit = error)]
async fn hosts(host: &str, page: u64) -> Result<u64, Failure> {
    let _ = host;
    Ok(page)
}

#[cache(rate_limit = SHARED.clone(), on_limit = stale, ttl = "5m", max_wait = SECOND, thread_local)]
fn shared(rate_limit: u64, per: Option<u64>) -> Result<u64, Failure> {
    Ok(rate_limit + per.unwrap_or_default())
}

#[cache(rate_limit = RateLimit::new(10, SECOND), per = strategies.len() % 2, on_limit = wait)]
fn made(strategies: &str) -> String {
    strategies.into()
}

#[cache(strategies = [Nothing, &SHORT, Same, Arc::new(Same), Condition::new(|draft| draft.load_time() > SECOND)])]
fn listed(key: u64, cache: u64, transform: u64) -> Option<u64> {
    Some(key + cache + transform)
}

#[cache(strategies = [Same, Nothing], on_limit = error, per = value)]
fn generic<T: Clone + ::std::hash::Hash + ::std::cmp::Eq + ::std::marker::Send + ::std::marker::Sync + 'static>(
    value: T,
) -> Result<T, Failure> {
    Ok(value)
}

struct Client {
    host: String,
}

#[cache]
impl Client {
    #[cache(key = (self.host, page), rate_limit = "10/s", per = self.host, strategies = [Same, Nothing])]
    async fn get(&self, page: u64) -> u64 {
        page
    }
}

fn main() {
    assert_eq!(plain(1, 2), 3);
    assert_eq!(shared(1, Some(1)).ok(), Some(2));
    assert_eq!(made("a"), "a");
    assert_eq!(listed(1, 2, 3), Some(6));
    assert_eq!(generic(1).ok(), Some(1));
    let client = Client { host: "a".into() };
    ::std::mem::drop((hosts("a", 1), client.get(1)));
}
