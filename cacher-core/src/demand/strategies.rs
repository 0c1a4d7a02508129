//! What is demanded of rate limits, strategies, and the return types that tell of them.

use std::{fmt::Display, hash::Hash};

use super::{Impossible, Refused};
use crate::{
    error::Error,
    key::parts::shared_hash_of,
    strategy::{
        RateLimit, Strategy, Transform,
        hook::{Other, Transforming},
    },
    sync::Arc,
};

/// A return type that can say that the body did not run.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot say that the body may not run now",
    label = "not a `Result<_, E>` with `E: From<cacher::Error>`",
    note = "implement `From<cacher::Error>` for the error, or write `on_limit = wait` without `max_wait`"
)]
pub trait Telling<K> {}

impl<T, E: From<Error>> Telling<()> for Result<T, E> {}
impl<R: Impossible> Telling<Refused> for R {}

/// A return type, where nothing else can be said.
#[inline]
pub fn can_tell<R: Telling<K>, K>() {}

/// A return type that can say that too many loads have failed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot say that too many loads have failed for the body to run",
    label = "not a `Result<_, E>` with `E: From<cacher::Error>`",
    note = "implement `From<cacher::Error>` for the error, or leave `breaker` out"
)]
pub trait TellingOpen<K> {}

impl<T, E: From<Error>> TellingOpen<()> for Result<T, E> {}
impl<R: Impossible> TellingOpen<Refused> for R {}

/// A return type, where only that can be said.
#[inline]
pub fn can_tell_open<R: TellingOpen<K>, K>() {}

/// A return type that can say that the body took too long.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot say that the body takes too long",
    label = "not a `Result<_, E>` with `E: From<cacher::Error>`",
    note = "implement `From<cacher::Error>` for the error, or leave `hard_timeout` out"
)]
pub trait TellingLate<K> {}

impl<T, E: From<Error>> TellingLate<()> for Result<T, E> {}
impl<R: Impossible> TellingLate<Refused> for R {}

/// A return type, where only that can be said.
#[inline]
pub fn can_tell_late<R: TellingLate<K>, K>() {}

/// A return type whose errors can answer further calls.
#[diagnostic::on_unimplemented(
    message = "the errors of `{Self}` cannot answer further calls",
    label = "not a `Result<_, E>` with `E: Clone + Send + Sync + 'static`",
    note = "derive `Clone` for the error, or leave `error_ttl` out"
)]
pub trait Lasting<K> {}

impl<T, E: Clone + Send + Sync + 'static> Lasting<()> for Result<T, E> {}
impl<R: Impossible> Lasting<Refused> for R {}

/// A return type, where only that can be said.
#[inline]
pub fn errors_last<R: Lasting<K>, K>() {}

/// What has a rate of its own.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` cannot have a rate of its own",
    label = "not `Hash`",
    note = "`per` tells its values apart by their hashes: name something that is `Hash`, as in `per = url.host()`"
)]
pub trait Partitioning<K> {
    #[doc(hidden)]
    fn partition(&self) -> u64;
}

impl<T: Hash + ?Sized> Partitioning<()> for T {
    fn partition(&self) -> u64 {
        shared_hash_of(self)
    }
}
impl<T: Impossible + ?Sized> Partitioning<Refused> for T {
    fn partition(&self) -> u64 {
        0
    }
}

/// What tells the values of `per = ..` apart.
pub fn partition<T: Partitioning<K> + ?Sized, K>(value: &T) -> u64 {
    value.partition()
}

/// What can stand in the name of a tag.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` cannot stand in a tag",
    label = "not `Display`",
    note = "name a part of it that is text or a number, as in `\"user:{{user.id}}\"`, or implement `std::fmt::Display` for it"
)]
pub trait Written<K> {
    #[doc(hidden)]
    fn written(&self) -> String;
}

impl<T: Display + ?Sized> Written<()> for T {
    fn written(&self) -> String {
        self.to_string()
    }
}
impl<T: Impossible + ?Sized> Written<Refused> for T {
    fn written(&self) -> String {
        String::new()
    }
}

/// A part of the name of a tag.
pub fn tag_part<T: Written<K> + ?Sized, K>(part: &T) -> String {
    part.written()
}

/// What can be a rate limit: one for this cache, or one that several share.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` is not a rate limit",
    label = "neither a `RateLimit` nor an `Arc` of one",
    note = "write `rate_limit = \"10/s\"`, or an expression that makes a `cacher::strategy::RateLimit`"
)]
pub trait IntoLimit {
    #[doc(hidden)]
    fn into_limit(self) -> Arc<RateLimit>;
}

impl IntoLimit for RateLimit {
    fn into_limit(self) -> Arc<RateLimit> {
        Arc::new(self)
    }
}

impl IntoLimit for Arc<RateLimit> {
    fn into_limit(self) -> Arc<RateLimit> {
        self
    }
}

/// A limit, where nothing else can be one.
pub fn limit(limit: impl IntoLimit) -> Arc<RateLimit> {
    limit.into_limit()
}

/// What may stand in a list of strategies and is no transform.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand in `strategies` of a cache of `{V}`",
    label = "neither a `Strategy` nor a `Transform<{V}>`",
    note = "implement `cacher::strategy::Strategy` for it, which decides, or `cacher::strategy::Transform<{V}>`, which \
            changes values"
)]
pub trait Deciding<V, K> {}

impl<V, T: Strategy> Deciding<V, ()> for T {}
impl<V, T: Impossible> Deciding<V, Refused> for T {}

/// An answer about an item of a list.
pub trait Listed<V, K> {
    #[doc(hidden)]
    fn listed(self) -> Option<Arc<dyn Transform<V>>>;
}

impl<V> Listed<V, ()> for Transforming<V> {
    fn listed(self) -> Option<Arc<dyn Transform<V>>> {
        Some(self.0)
    }
}

impl<V, K, T: Deciding<V, K>> Listed<V, K> for Other<T> {
    fn listed(self) -> Option<Arc<dyn Transform<V>>> {
        None
    }
}

/// The transform that an item of a list is, if it is one; it may be a strategy, but nothing else.
pub fn listed<V, A: Listed<V, K>, K>(answer: A) -> Option<Arc<dyn Transform<V>>> {
    answer.listed()
}
