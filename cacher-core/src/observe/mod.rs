//! What others see of a cache as it works: spans and events behind the feature `tracing`, counters and histograms
//! behind `metrics`. Nothing else asks for these features: without them the same functions do nothing.
//!
//! All that is ever shown is the function's name, what became of a call, the store's own description, times, and the
//! faults that [`on_fault`](crate::fault::on_fault) gets as well.

#[cfg(feature = "metrics")]
mod numbers;
#[cfg(not(feature = "metrics"))]
#[path = "numbers_off.rs"]
mod numbers;
#[cfg(feature = "tracing")]
mod spans;
#[cfg(not(feature = "tracing"))]
#[path = "spans_off.rs"]
mod spans;

pub(crate) use numbers::{Published, hit_age, load_time, publish, show, wait_time};
pub(crate) use spans::Span;

use crate::{
    bridge::{self, io},
    fault::{self, Fault},
};

/// What became of a call that looked further than memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Found in a store, or in memory after all.
    Hit,
    /// Past its time, and served because the body was held back.
    Stale,
    /// Answered by another call's load.
    Waited,
    /// The body ran, and its value is for all.
    Loaded,
    /// The body ran beside another load of its key.
    Lone,
    /// The body ran though there may have been a value.
    Refreshed,
    /// The body ran, and its value is not kept: in a scope that says so, or because the cache is off.
    Bypassed,
    /// The body ended in an error, a panic, or by being dropped; or another call's did.
    Failed,
    /// Nothing was found, and the body was not to run.
    Absent,
    /// A rate limit or a strategy did not let the body run.
    TurnedDown,
}

impl Verdict {
    #[cfg_attr(not(feature = "tracing"), expect(dead_code, reason = "only spans show it"))]
    fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Stale => "stale",
            Self::Waited => "waited",
            Self::Loaded => "loaded",
            Self::Lone => "lone",
            Self::Refreshed => "refreshed",
            Self::Bypassed => "bypassed",
            Self::Failed => "failed",
            Self::Absent => "absent",
            Self::TurnedDown => "turned down",
        }
    }
}

/// Tells everybody about a fault: here, or on a worker thread where nothing of the user's may run.
pub(crate) fn report(fault: Fault) {
    if io::here() { bridge::spawn(move || tell(&fault)) } else { tell(&fault) }
}

fn tell(fault: &Fault) {
    spans::fault(fault);
    fault::report(fault);
}
