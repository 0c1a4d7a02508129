//! What stands on a function stays there.
#![deny(warnings)]

use cacher::cache;

/// Doubles.
#[cache]
#[must_use = "it is only computed"]
#[inline]
#[track_caller]
fn double(n: u64) -> u64 {
    #![allow(clippy::needless_return)]
    return n * 2;
}

#[deprecated(note = "use `double`")]
#[cache]
fn twice(n: u64) -> u64 {
    n * 2
}

#[cfg(any())]
#[cache]
fn absent(n: Missing) -> Missing {
    n
}

#[cache]
#[cfg(any())]
fn absent_too(n: Missing) -> Missing {
    n
}

#[cfg(not(any()))]
#[cache]
fn present(n: u64) -> u64 {
    n
}

#[cfg(any())]
#[cache]
fn present(n: u64) -> u64 {
    n + 1
}

struct Client;

impl Client {
    #[cache(ignore = [self])]
    #[cfg(any())]
    pub fn absent(&self, n: Missing) -> Missing {
        n
    }

    #[cache(ignore = [self])]
    #[must_use]
    pub fn get(&self, #[allow(unused_variables)] n: u64) -> u64 {
        1
    }
}

#[cache]
impl Client {
    #[cfg(any())]
    #[cache(ignore = [self])]
    fn absent_too(&self, n: Missing) -> Missing {
        n
    }

    #[cache]
    fn alone(n: u64) -> u64 {
        n
    }
}

fn main() {
    assert_eq!(double(1), 2);
    #[expect(deprecated)]
    let twice = twice(1);
    assert_eq!(twice, 2);
    assert_eq!(present(1), 1);
    assert_eq!(Client.get(1) + Client::alone(1), 2);
}
