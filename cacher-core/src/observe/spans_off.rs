//! Nothing, in place of spans.

use std::{fmt::Display, pin::Pin, time::Duration};

use super::Verdict;
use crate::fault::Fault;

#[derive(Clone, Debug)]
pub(crate) struct Span;

#[expect(clippy::unused_self, reason = "spans need it")]
impl Span {
    pub(crate) fn of(_function: &str) -> Self {
        Self
    }

    pub(crate) fn none() -> Self {
        Self
    }

    pub(crate) fn run<R>(&self, code: impl FnOnce() -> R) -> R {
        code()
    }

    pub(crate) fn drive<F: Future>(&self, future: Pin<&mut F>) -> impl Future<Output = F::Output> {
        future
    }

    pub(crate) fn end(&self, _verdict: Verdict) {}

    pub(crate) fn found<T: Display>(&self, _tier: impl FnOnce() -> T, _age: Duration) {}

    pub(crate) fn took(&self, _load_time: Duration) {}
}

pub(super) fn fault(_fault: &Fault) {}
