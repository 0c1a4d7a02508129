//! What is said about one value: by the function, by the value itself, by who calls, and by the settings.

use std::time::{Duration, SystemTime};

use crate::{
    scope::{self, CallOptions},
    sync::Arc,
    tags::{Tagged, Tags},
};

/// What a call says about its value.
#[derive(Clone, Debug)]
pub struct Terms {
    ttl: Option<Duration>,
    none_ttl: Option<Duration>,
    pub(super) expires_at: Option<SystemTime>,
    pub(crate) none: bool,
    pub(super) keep: bool,
    /// Whether a stored entry lives as long as was said when it was made, whatever is said now.
    as_made: bool,
    origin: Origin,
    /// Which of several rate limits applies.
    pub(crate) partition: u64,
    pub(crate) tags: Tags,
    /// What the caller says besides.
    options: Option<Arc<CallOptions>>,
}

/// Where the TTL comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// The function.
    Function,
    /// The settings, where the function says neither a TTL nor an end of the value.
    Default,
    /// The settings, whatever the function says.
    Ruling,
}

/// The TTL that the settings of the process give.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Ruled {
    /// None.
    #[default]
    Not,
    /// Where neither a TTL nor an end is said about a value.
    Else(Duration),
    /// In place of any TTL that is said; that of `None` only if it is longer.
    To(Duration),
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            ttl: None,
            none_ttl: None,
            expires_at: None,
            none: false,
            keep: true,
            as_made: false,
            partition: 0,
            tags: Tags::default(),
            origin: Origin::Function,
            options: None,
        }
    }
}

impl Terms {
    /// Nothing said: kept for ever.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lives this long. Zero is not kept at all.
    #[must_use]
    pub fn ttl(self, ttl: Duration) -> Self {
        Self { ttl: Some(ttl), ..self }
    }

    /// `None` lives this long.
    #[must_use]
    pub fn none_ttl(self, ttl: Duration) -> Self {
        Self { none_ttl: Some(ttl), ..self }
    }

    /// Lives until then, and no longer than the TTL.
    #[must_use]
    pub fn expires_at(self, time: SystemTime) -> Self {
        Self { expires_at: Some(time), ..self }
    }

    /// The value is `None`.
    #[must_use]
    pub fn none(self, none: bool) -> Self {
        Self { none, ..self }
    }

    /// The rate limit that this call counts for.
    #[must_use]
    pub fn per(self, partition: u64) -> Self {
        Self { partition, ..self }
    }

    /// The value has these tags.
    #[must_use]
    pub fn tags(self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let tags = match scope::isolation() {
            Some(isolation) => Tags::named(names.into_iter().map(|name| isolation.tag(name.as_ref()))),
            None => Tags::named(names),
        };
        Self { tags, ..self }
    }

    /// Says nothing about entries that are stored already: they live as long as was said when they were made.
    #[must_use]
    pub(crate) fn for_new(self) -> Self {
        Self { as_made: true, ..self }
    }

    /// Whether the value is to be kept.
    #[must_use]
    pub fn keep(self, keep: bool) -> Self {
        Self { keep, ..self }
    }

    /// These terms with what the caller says besides.
    #[must_use]
    pub(crate) fn given(self, options: &Arc<CallOptions>) -> Self {
        let options = options.here();
        let tags = options.tags.clone();
        Self { options: Some(options), ..self.tagged(tags) }
    }

    /// These terms with more tags.
    #[must_use]
    pub(crate) fn tagged(self, tags: Tags) -> Self {
        Self { tags: self.tags.and(tags), ..self }
    }

    /// What the caller says besides.
    pub(crate) fn options(&self) -> Option<&CallOptions> {
        self.options.as_deref()
    }

    /// Whether the caller takes something else than any fresh value, from wherever it is.
    pub(crate) fn are_particular(&self) -> bool {
        self.options().is_some_and(CallOptions::are_particular)
    }

    /// Whether the caller has given tags.
    pub(crate) fn ask_for_tags(&self) -> bool {
        self.options().is_some_and(|options| !options.tags.is_empty())
    }

    /// Whether a value answers the call that has these tags: all that the caller has given are among them.
    pub(crate) fn admit(&self, tagged: &Tagged) -> bool {
        self.options().is_none_or(|options| tagged.has_all(&options.tags))
    }

    /// These terms under the settings of the process.
    #[must_use]
    pub(crate) fn ruled(self, ruled: Ruled) -> Self {
        match ruled {
            Ruled::To(ttl) => Self { ttl: Some(ttl), origin: Origin::Ruling, ..self },
            Ruled::Else(ttl) if self.ttl.is_none() => Self { ttl: Some(ttl), origin: Origin::Default, ..self },
            Ruled::Else(_) | Ruled::Not => self,
        }
    }

    /// These terms with what was said on seeing the value.
    #[must_use]
    pub(crate) fn with(&self, seen: Self) -> Self {
        let (ttl, origin) = match seen.ttl.filter(|_| self.origin != Origin::Ruling) {
            Some(ttl) => (Some(ttl), Origin::Function),
            None => (self.ttl, self.origin),
        };
        Self {
            ttl,
            origin,
            none_ttl: seen.none_ttl.or(self.none_ttl),
            expires_at: seen.expires_at.or(self.expires_at),
            none: seen.none,
            keep: self.keep && seen.keep,
            as_made: self.as_made,
            partition: self.partition,
            tags: self.tags.clone().and(seen.tags),
            options: self.options.clone(),
        }
    }

    /// Whether a stored entry lives as long as was said when it was made.
    pub(super) fn hold_as_made(&self) -> bool {
        self.as_made && self.origin != Origin::Ruling
    }

    /// The TTL that the caller gives, if it has a say.
    fn given_ttl(&self) -> Option<Duration> {
        self.options().and_then(|options| options.ttl).filter(|_| self.origin != Origin::Ruling)
    }

    pub(super) fn applicable_ttl(&self) -> Option<Duration> {
        let none_ttl = self.none_ttl.filter(|_| self.none);
        if let Some(ttl) = self.given_ttl() {
            return Some(none_ttl.map_or(ttl, |none_ttl| none_ttl.min(ttl)));
        }
        match self.origin {
            Origin::Ruling => none_ttl.into_iter().chain(self.ttl).min(),
            Origin::Default => none_ttl.or(self.ttl.filter(|_| self.expires_at.is_none())),
            Origin::Function => none_ttl.or(self.ttl),
        }
    }

    /// The same where the value was seen: with the one TTL that applies.
    pub(super) fn of_the_value(&self) -> Self {
        let (ttl, origin) = (self.applicable_ttl(), Origin::Function);
        Self { ttl, none_ttl: None, origin, options: None, ..self.clone() }
    }

    /// The longest TTL that a stored value may have under these terms, before it is seen.
    pub(super) fn longest_ttl(&self) -> Option<Duration> {
        match self.origin {
            Origin::Ruling => return self.ttl,
            // The value may say a longer one.
            Origin::Default => return None,
            Origin::Function => {}
        }
        let longest = self.ttl.map(|ttl| self.none_ttl.map_or(ttl, |none_ttl| none_ttl.max(ttl)))?;
        Some(self.given_ttl().map_or(longest, |given| given.max(longest)))
    }
}
