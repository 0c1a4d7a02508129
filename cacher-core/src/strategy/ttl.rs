use std::time::Duration;

use super::{Call, Draft, Found, Freshness, Strategy, Verdict};

/// Lets no entry live longer than this, also those that were stored under another TTL.
///
/// Beside the argument `ttl` it is for lists that several caches share.
///
/// ```
/// # use std::time::Duration;
/// use cacher_core::strategy::Ttl;
///
/// let at_most_an_hour = Ttl::new(Duration::from_secs(3600));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ttl(Duration);

impl Ttl {
    /// At most this long.
    #[must_use]
    pub const fn new(ttl: Duration) -> Self {
        Self(ttl)
    }
}

impl Strategy for Ttl {
    fn ask_found(&self, _call: &Call<'_>, found: &Found) -> Freshness {
        if found.age() < self.0 { Freshness::Fresh } else { Freshness::Stale }
    }

    fn ask_write(&self, _call: &Call<'_>, draft: &mut Draft) -> Verdict {
        draft.lifetime = draft.lifetime.min(self.0);
        Verdict::Proceed
    }
}
