//! Counters, gauges and histograms of the crate `metrics`. Their only label is `function`, the name of the cache.
//!
//! A hit in memory must stay as cheap as it is, so it only counts up in the cache itself. What was counted is handed
//! over when a call looks further than memory, when a cache goes, and when [`show`] is asked to.

use std::time::Duration;

use metrics::{SharedString, counter, gauge, histogram};

use crate::{
    stats::{Counters, Stats},
    sync::{Arc, AtomicU64, Ordering},
};

/// How a counter is called, and where it stands in the statistics.
type Known = (&'static str, fn(&Stats) -> u64);

const COUNTERS: [Known; 14] = [
    ("cacher_hits_total", |stats| stats.hits),
    ("cacher_stale_hits_total", |stats| stats.stale_hits),
    ("cacher_error_hits_total", |stats| stats.error_hits),
    ("cacher_misses_total", |stats| stats.misses),
    ("cacher_loads_total", |stats| stats.loads),
    ("cacher_renewals_total", |stats| stats.renewals),
    ("cacher_lone_loads_total", |stats| stats.lone_loads),
    ("cacher_load_failures_total", |stats| stats.load_failures),
    ("cacher_waits_total", |stats| stats.waits),
    ("cacher_evictions_total", |stats| stats.evictions),
    ("cacher_expirations_total", |stats| stats.expirations),
    ("cacher_refusals_total", |stats| stats.refusals),
    ("cacher_limited_total", |stats| stats.limited),
    ("cacher_store_errors_total", |stats| stats.store_errors),
];

/// How much of each counter was handed over. Several caches may have one name, so it is not the sum that is told.
#[derive(Debug, Default)]
pub(crate) struct Published([AtomicU64; COUNTERS.len()]);

/// Hands over what was counted since the last time.
pub(crate) fn publish(name: &Arc<str>, counters: &Counters, published: &Published) {
    let stats = counters.read();
    for ((metric, of), published) in COUNTERS.iter().zip(&published.0) {
        let now = of(&stats);
        // Of several threads that hand over at once each has the part that is new to it.
        let new = now.saturating_sub(published.fetch_max(now, Ordering::Relaxed));
        if new > 0 {
            counter!(*metric, "function" => label(name)).increment(new);
        }
    }
}

/// Shows how much caches of this name hold now.
#[expect(clippy::cast_precision_loss, reason = "what gauges take")]
pub(crate) fn show(name: &Arc<str>, stats: &Stats) {
    for (metric, size) in [
        ("cacher_entries", stats.entries),
        ("cacher_bytes", stats.bytes),
        ("cacher_pending_removals", stats.pending_removals),
    ] {
        gauge!(metric, "function" => label(name)).set(size as f64);
    }
}

pub(crate) fn load_time(name: &Arc<str>, time: Duration) {
    histogram!("cacher_load_seconds", "function" => label(name)).record(time);
}

pub(crate) fn wait_time(name: &Arc<str>, time: Duration) {
    histogram!("cacher_wait_seconds", "function" => label(name)).record(time);
}

pub(crate) fn hit_age(name: &Arc<str>, age: Duration) {
    histogram!("cacher_hit_age_seconds", "function" => label(name)).record(age);
}

fn label(name: &Arc<str>) -> SharedString {
    SharedString::from_shared(Arc::clone(name))
}
