//! The same in the edition of 2018.
#![forbid(missing_docs, unused, unsafe_code, clippy::all, clippy::pedantic)]

/// The square.
#[memo::cache(crate = memo, ttl = "5m")]
fn square(n: u64) -> u64 {
    n * n
}

/// A number.
#[memo::cache(crate = memo, backend = "file://./target/numbers")]
async fn number(text: &str) -> Result<u64, std::num::ParseIntError> {
    text.parse()
}

/// Many numbers.
#[memo::cache(crate = memo, batch = numbers)]
fn negated(numbers: &[i64]) -> Vec<i64> {
    numbers.iter().map(|number| -number).collect()
}

/// A counter.
struct Counter {
    /// Its cache.
    cache: memo::Site,
}

impl Counter {
    /// The next.
    #[memo::cache(crate = memo, site = self.cache)]
    pub(crate) fn next(&self, n: u64) -> u64 {
        n + 1
    }
}

fn main() {
    assert_eq!(square(2), 4);
    assert_eq!((negated(&[1, 2]), negated::one(2)), (vec![-1, -2], -2));
    drop(number("1"));
    assert_eq!(Counter { cache: memo::Site::new() }.next(1), 2);
}
