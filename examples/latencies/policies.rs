//! One function, with one policy after the other.

use std::pin::Pin;

use cacher::cache;

use crate::source::{self, Answer, Failure};

/// A function with a policy.
pub(crate) struct Policy {
    pub(crate) name: &'static str,
    /// The arguments of the attribute, as they are written.
    pub(crate) arguments: &'static [&'static str],
    pub(crate) call: fn(u64) -> Pin<Box<dyn Future<Output = Answer> + Send>>,
}

macro_rules! policies {
    ($($function:ident, $name:literal: [$($argument:ident = $value:tt),*];)*) => {
        $(
            #[cache($($argument = $value),*)]
            async fn $function(key: u64) -> Result<u64, Failure> {
                source::read(key).await
            }
        )*

        /// What is compared.
        pub(crate) const POLICIES: &[Policy] = &[$(Policy {
            name: $name,
            arguments: &[$(concat!(stringify!($argument), " = ", stringify!($value))),*],
            call: |key| Box::pin($function(key)),
        }),*];
    };
}

policies! {
    plain, "TTL alone": [ttl = "5s"];
    revalidated, "stale while revalidate": [ttl = "5s", stale_while_revalidate = "10s"];
    old_if_error, "stale if error": [ttl = "5s", stale_if_error = "1h"];
    old_if_late, "soft timeout": [ttl = "5s", stale_if_error = "1h", soft_timeout = "100ms", refresh = background];
    broken, "breaker": [ttl = "5s", hard_timeout = "500ms", breaker = "50%/5s"];
    all, "all together": [
        ttl = "5s", stale_while_revalidate = "10s", stale_if_error = "1h", soft_timeout = "100ms",
        hard_timeout = "500ms", breaker = "50%/5s", refresh = background
    ];
}
