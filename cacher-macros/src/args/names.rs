//! The arguments' names: one table for what there is and how each is written.

use crate::names;
use proc_macro2::Ident;
use syn::{Error, Result};

struct Known {
    name: &'static str,
    /// How it is written.
    form: &'static str,
    /// What other libraries call it.
    also: &'static [&'static str],
}

const fn known(name: &'static str, form: &'static str, also: &'static [&'static str]) -> Known {
    Known { name, form, also }
}

const NAMES: &[Known] = &[
    known("backend", "backend = \"file://./.cache/posts\"", &["store", "storage", "url"]),
    known("ttl", "ttl = \"5m\"", &["time", "expire", "max_age", "time_to_live", "ttl_secs"]),
    known("tti", "tti = \"5m\"", &["time_to_idle", "idle", "sliding"]),
    known("expires_at", "expires_at = |value| value.expires_at", &[]),
    known("jitter", "jitter = \"30s\"", &[]),
    known("capacity", "capacity = 10_000", &["size", "max_size", "maxsize", "max_capacity", "max_entries", "limit"]),
    known("max_bytes", "max_bytes = \"64MiB\"", &["max_memory", "memory"]),
    known("eviction", "eviction = lru", &["eviction_policy", "evict", "replacement"]),
    known("process_memory", "process_memory = \"2GiB\"", &["max_process_memory", "rss"]),
    known("frequency", "frequency = \"10/1h\"", &["min_frequency", "min_uses"]),
    known("ignore", "ignore = [db]", &["skip", "exclude"]),
    known("secret", "secret = [api_key]", &["sensitive", "redact"]),
    known("key", "key = (self.base_url, path)", &["convert", "key_fn"]),
    known("depends_on", "depends_on = [cacher::modified(path)]", &["depend_on", "invalidate_on"]),
    known("version", "version = \"v1\"", &["cache_version", "schema"]),
    known("depends", "depends = [parse, Client::get]", &["dependencies"]),
    known("result", "result", &[]),
    known("value", "value", &[]),
    known("name", "name = \"posts\"", &["namespace", "prefix"]),
    known("crate", "crate = ::cacher", &[]),
    known("companions", "companions = user_cache", &[]),
    known("single_flight", "single_flight = off", &["sync_writes", "sync"]),
    known("patience", "patience = \"10s\"", &[]),
    known("none_ttl", "none_ttl = \"30s\"", &[]),
    known("cache_if", "cache_if = |value| value.is_some()", &["condition", "when", "option"]),
    known("site", "site = self.cache", &[]),
    known("thread_local", "thread_local", &["unsync_reads", "local"]),
    known("rate_limit", "rate_limit = \"10/s\"", &["throttle", "rate", "delay"]),
    known("burst", "burst = 5", &[]),
    known("shared_rate", "shared_rate", &["global_rate", "distributed_rate"]),
    known("per", "per = url.host()", &[]),
    known("variance", "variance = 0.1", &[]),
    known("on_limit", "on_limit = error", &[]),
    known("max_wait", "max_wait = \"10s\"", &[]),
    known("strategies", "strategies = [SlowOnly]", &["strategy", "policies", "policy"]),
    known("format", "format = \"msgpack+zstd\"", &["serializer", "serialize", "formatter", "codec", "compress"]),
    known("keyer", "keyer = readable", &["key_format", "hasher"]),
    known("file_name", "file_name = |call| format!(\"{}/index\", call.function())", &["filename", "file", "path"]),
    known("write", "write = background", &["write_behind", "write_back", "write_policy"]),
    known("revisions", "revisions = 5", &["history", "keep_revisions", "max_revisions"]),
    known("archive", "archive", &["archival"]),
    known("single", "single", &["single_value", "singleton"]),
    known("batch", "batch = ids", &["batched", "many", "bulk", "loader"]),
    known("max_batch", "max_batch = 100", &["batch_size", "max_batch_size", "chunk_size"]),
    known("batch_window", "batch_window = \"2ms\"", &["batch_wait", "window", "batch_delay"]),
    known("parallel", "parallel = 4", &["concurrency", "workers", "threads"]),
    known("on_error", "on_error = partial", &[]),
    known("per_item", "per_item", &[]),
    known("extract", "extract = |request| request.ids.clone()", &["extractor"]),
    known("combine", "combine = |request, ids| Request { ids, ..request.clone() }", &["combinator", "combiner"]),
    known("stream", "stream", &["streaming"]),
    known("prefetch", "prefetch", &["preload", "warm"]),
    known("stale_while_revalidate", "stale_while_revalidate = \"30s\"", &["swr", "grace"]),
    known("stale_if_error", "stale_if_error = \"1h\"", &["fail_safe", "failsafe", "allow_stale"]),
    known("revalidate", "revalidate = \"7d\"", &["conditional", "etag", "validator", "not_modified"]),
    known("error_ttl", "error_ttl = \"30s\"", &["negative_ttl", "cache_errors", "cache_err"]),
    known("error_if", "error_if = |error| matches!(error, Error::NotFound)", &[]),
    known("breaker", "breaker = \"50%/10s\"", &["circuit_breaker", "fuse"]),
    known("max_concurrent", "max_concurrent = 8", &["max_concurrency", "bulkhead", "semaphore"]),
    known("admit", "admit = second_sighting", &["admission", "doorkeeper"]),
    known("refresh_at", "refresh_at = 0.8", &["eager_refresh", "early_refresh", "refresh_ahead", "refresh_after"]),
    known("xfetch", "xfetch = 1.0", &["beta", "early_expiration"]),
    known("refresh", "refresh = background", &["force_refresh"]),
    known("soft_timeout", "soft_timeout = \"100ms\"", &[]),
    known("hard_timeout", "hard_timeout = \"2s\"", &["timeout", "deadline"]),
    known("abandon_after", "abandon_after = \"10s\"", &[]),
    known("tags", "tags = [\"user:{id}\", \"posts\"]", &["tag", "groups", "labels"]),
];

/// An error unless there is an argument of this name.
pub(super) fn available(written: &Ident) -> Result<()> {
    let text = written.to_string();
    if NAMES.iter().any(|known| known.name == text) {
        return Ok(());
    }
    Err(Error::new(written.span(), unknown(&text)))
}

fn unknown(text: &str) -> String {
    if let Some(known) = NAMES.iter().find(|known| known.also.contains(&text)) {
        return format!("there is no argument `{text}`; here it is called `{}`", known.name);
    }
    let hint = names::hint(text, NAMES.iter().map(|known| known.name));
    if hint.is_empty() {
        let available = NAMES.iter().map(|known| known.name);
        return format!("there is no argument `{text}`; there are {}", names::list(available));
    }
    format!("there is no argument `{text}`{hint}")
}

/// How an argument is written, for advice.
pub(super) fn form(name: &Ident) -> &'static str {
    let known = NAMES.iter().find(|known| name == known.name);
    known.map(|known| known.form).unwrap_or_default()
}
