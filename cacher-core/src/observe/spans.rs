//! Spans and events of `tracing`, all with the target `cacher`.

use std::{fmt::Display, pin::Pin, time::Duration};

use tracing::{Instrument, field::Empty};

use super::Verdict;
use crate::fault::Fault;

/// One call that looks further than memory, at the level DEBUG.
#[derive(Clone, Debug)]
pub(crate) struct Span(tracing::Span);

impl Span {
    pub(crate) fn of(function: &str) -> Self {
        Self(tracing::debug_span!(
            target: "cacher",
            "cache load",
            function,
            verdict = Empty,
            tier = Empty,
            age_s = Empty,
            load_s = Empty,
        ))
    }

    pub(crate) fn none() -> Self {
        Self(tracing::Span::none())
    }

    /// Runs code in the span.
    pub(crate) fn run<R>(&self, code: impl FnOnce() -> R) -> R {
        self.0.in_scope(code)
    }

    /// Runs each poll in the span.
    pub(crate) fn drive<F: Future>(&self, future: Pin<&mut F>) -> impl Future<Output = F::Output> {
        future.instrument(self.0.clone())
    }

    pub(crate) fn end(&self, verdict: Verdict) {
        self.0.record("verdict", verdict.name());
    }

    /// Where the value was, and how old it is.
    pub(crate) fn found<T: Display>(&self, tier: impl FnOnce() -> T, age: Duration) {
        if !self.0.is_disabled() {
            self.0.record("tier", tracing::field::display(tier()));
            self.0.record("age_s", age.as_secs_f64());
        }
    }

    pub(crate) fn took(&self, load_time: Duration) {
        self.0.record("load_s", load_time.as_secs_f64());
    }
}

pub(super) fn fault(fault: &Fault) {
    tracing::warn!(target: "cacher", cache = &*fault.cache, error = %fault.error, "cache fault");
}
