//! What each policy of freshness and failure costs a hit, beside a hit of the same function with a TTL alone.

use cacher::{Error, cache, no_older_than};

use crate::{
    alloc::per_call,
    harness::{Batch, Pace, in_turn, median},
    subjects::{TTL, each, numbers},
};

/// The name under which these measurements are picked.
pub(crate) const NAME: &str = "policies";

/// An error of the function. None happens here.
#[derive(Clone)]
struct Failure;

impl From<Error> for Failure {
    fn from(_: Error) -> Self {
        Self
    }
}

type Answer = Result<u64, Failure>;
type Finding = Result<Option<u64>, Failure>;

macro_rules! functions {
    ($($name:ident($n:ident $($argument:tt)*) -> $value:ty;)*) => { $(
        #[cache(ttl = "1h" $($argument)*)]
        fn $name($n: u64) -> Result<$value, Failure> {
            Ok($n.into())
        }
    )* };
}

functions! {
    plain(n) -> u64;
    equal(n) -> u64;
    stale_while_revalidate(n, stale_while_revalidate = "30s") -> u64;
    in_background(n, stale_while_revalidate = "30s", refresh = background) -> u64;
    refresh_at(n, refresh_at = 0.8) -> u64;
    xfetch(n, xfetch = 1.0) -> u64;
    stale_if_error(n, stale_if_error = "1h") -> u64;
    timeouts(n, stale_if_error = "1h", soft_timeout = "100ms", hard_timeout = "2s") -> u64;
    error_ttl(n, error_ttl = "30s", error_if = |_| true) -> u64;
    tags(n, tags = ["item:{n}"]) -> u64;
    breaker(n, breaker = "50%/10s") -> u64;
    max_concurrent(n, max_concurrent = 8) -> u64;
    admit(n, admit = second_sighting) -> u64;
    all(
        n, stale_while_revalidate = "30s", refresh_at = 0.8, refresh = background, stale_if_error = "1h",
        soft_timeout = "100ms", hard_timeout = "2s", error_ttl = "30s", error_if = |_| true, tags = ["item:{n}"],
        breaker = "50%/10s", max_concurrent = 8, admit = second_sighting
    ) -> u64;
    all_but_tags(
        n, stale_while_revalidate = "30s", refresh_at = 0.8, refresh = background, stale_if_error = "1h",
        soft_timeout = "100ms", hard_timeout = "2s", error_ttl = "30s", error_if = |_| true,
        breaker = "50%/10s", max_concurrent = 8, admit = second_sighting
    ) -> u64;
    finding(n) -> Option<u64>;
    none_ttl(n, none_ttl = "30s") -> Option<u64>;
}

/// A way to have a hit.
struct Subject {
    name: &'static str,
    batch: Batch,
    /// Which subject it is compared with.
    base: usize,
}

/// Hits with a TTL alone, of either type.
const PLAIN: usize = 0;
const PLAIN_FINDING: usize = 1;

fn subjects() -> Vec<Subject> {
    let keys = numbers();
    let compared = |name, base, batch| Subject { name, batch, base };
    let answers = |name, function: fn(u64) -> Answer| compared(name, PLAIN, each(keys, function));
    let findings = |name, function: fn(u64) -> Finding| compared(name, PLAIN_FINDING, each(keys, function));
    let young: fn(u64) -> Answer = plain;
    let young_each = each(keys, move |n| no_older_than(TTL, || young(n)));
    vec![
        answers("`ttl`", plain),
        findings("`ttl`, of an `Option`", finding),
        answers("`ttl`, another function", equal),
        answers("`stale_while_revalidate`", stale_while_revalidate),
        answers("the same, `refresh = background`", in_background),
        answers("`refresh_at`", refresh_at),
        answers("`xfetch`", xfetch),
        answers("`stale_if_error`", stale_if_error),
        answers("the same, `soft_timeout`, `hard_timeout`", timeouts),
        answers("`error_ttl`, `error_if`", error_ttl),
        findings("`none_ttl`, of an `Option`", none_ttl),
        answers("`tags`, one tag", tags),
        answers("`breaker`", breaker),
        answers("`max_concurrent`", max_concurrent),
        answers("`admit = second_sighting`", admit),
        answers("all of these together but `tags`, `xfetch` and `none_ttl`", all_but_tags),
        answers("the same, and `tags`", all),
        compared("`ttl`, each call in a scope `no_older_than`", PLAIN, young_each),
    ]
}

/// Prints the table.
pub(crate) fn measure() {
    let subjects = subjects();
    let batches: Vec<_> = subjects.iter().map(|subject| &subject.batch).collect();
    // What is kept at its second sighting is a hit from the third call on.
    for batch in &batches {
        batch(2);
    }
    let rounds = in_turn(&batches, 1, Pace::default());
    println!("\nPolicies: nanoseconds of a hit, what of it is not there with `ttl` alone, and allocations.\n");
    println!("| | a hit | adds | allocations |\n|---|---:|---:|---:|");
    for (subject, times) in subjects.iter().zip(&rounds) {
        let added = times.iter().zip(&rounds[subject.base]).map(|(one, base)| one - base);
        let (hit, added) = (median(times.clone()), median(added.collect()));
        println!("| {} | {hit:.1} | {added:+.1} | {:.2} |", subject.name, per_call(&subject.batch));
    }
}
