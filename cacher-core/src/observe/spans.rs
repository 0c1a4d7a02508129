//! Spans and events of `tracing`, all with the target `cacher`.

use std::{fmt::Display, pin::Pin, time::Duration};

use tracing::{Instrument, field::Empty};

use super::Verdict;
use crate::{fault::Fault, sync::Arc};

/// One call that looks further than memory, at the level DEBUG; nothing if nobody listens to it.
#[derive(Clone, Debug)]
pub(crate) struct Span(Option<Arc<tracing::Span>>);

impl Span {
    pub(crate) fn of(function: &str) -> Self {
        let span = tracing::debug_span!(
            target: "cacher",
            "cache load",
            function,
            verdict = Empty,
            tier = Empty,
            age_s = Empty,
            load_s = Empty,
        );
        Self((!span.is_disabled()).then(|| Arc::new(span)))
    }

    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Runs code in the span.
    pub(crate) fn run<R>(&self, code: impl FnOnce() -> R) -> R {
        match &self.0 {
            Some(span) => span.in_scope(code),
            None => code(),
        }
    }

    /// Runs each poll in the span.
    pub(crate) fn drive<F: Future>(&self, future: Pin<&mut F>) -> impl Future<Output = F::Output> {
        future.instrument(self.0.as_ref().map_or_else(tracing::Span::none, |span| (**span).clone()))
    }

    pub(crate) fn end(&self, verdict: Verdict) {
        if let Some(span) = &self.0 {
            span.record("verdict", verdict.name());
        }
    }

    /// Where the value was, and how old it is.
    pub(crate) fn found<T: Display>(&self, tier: impl FnOnce() -> T, age: Duration) {
        if let Some(span) = &self.0 {
            span.record("tier", tracing::field::display(tier()));
            span.record("age_s", age.as_secs_f64());
        }
    }

    pub(crate) fn took(&self, load_time: Duration) {
        if let Some(span) = &self.0 {
            span.record("load_s", load_time.as_secs_f64());
        }
    }
}

pub(super) fn fault(fault: &Fault) {
    tracing::warn!(target: "cacher", cache = &*fault.cache, error = %fault.error, "cache fault");
}
