use std::time::Duration;

/// What is to be known about a new entry. A strategy may change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draft {
    pub(crate) lifetime: Duration,
    pub(crate) load_time: Duration,
    pub(crate) none: bool,
    pub(crate) inserted: bool,
}

impl Draft {
    /// How long it will be fresh; `None` if for ever.
    #[must_use]
    pub fn lifetime(&self) -> Option<Duration> {
        (self.lifetime != Duration::MAX).then_some(self.lifetime)
    }

    /// Lets it be fresh this long, `None` for ever. Zero is not kept at all. In a store it lives no longer than the
    /// function's TTL.
    pub fn set_lifetime(&mut self, lifetime: Option<Duration>) {
        self.lifetime = lifetime.unwrap_or(Duration::MAX);
    }

    /// How long its load took; zero for what was inserted.
    #[must_use]
    pub fn load_time(&self) -> Duration {
        self.load_time
    }

    /// Whether it was put there by hand, and is not what a body has returned.
    #[must_use]
    pub fn is_inserted(&self) -> bool {
        self.inserted
    }

    /// Whether the value is `None`, as far as the cache knows: with `none_ttl`.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.none
    }
}
