//! The workload that cases of `CacheToolsUtils` share: 50 calls, ten times each.

use ::cacher::Cache;

/// What is called with.
type Call = (i64, Option<&'static str>, bool);
pub(super) type Calls = Cache<(i64, Option<String>, bool), i64>;

fn workload() -> impl Iterator<Item = Call> {
    let texts = [Some("a"), Some("bb"), Some("ccc"), Some(""), None];
    let round =
        move |_| (0..5).flat_map(move |i| texts.into_iter().flat_map(move |s| [false, true].map(|b| (i, s, b))));
    (0..10).flat_map(round)
}

fn answer((i, s, b): Call) -> i64 {
    i + s.map_or(-20, |s| 10 * i64::try_from(s.len()).unwrap()) + if b { 100 } else { 0 }
}

pub(super) fn run(cache: &Calls) -> i64 {
    let load = |call: Call| {
        let (i, s, b) = call;
        cache.get_or_load(&(i, s.map(ToOwned::to_owned), b), || answer(call))
    };
    workload().map(load).sum()
}
