//! The arguments' names: one table for what there is, what is to come, and how each is written.

use crate::names;
use proc_macro2::Ident;
use syn::{Error, Result};

struct Known {
    name: &'static str,
    /// How it is written; nothing if it is still to come.
    form: Option<&'static str>,
    /// What other libraries call it.
    also: &'static [&'static str],
}

const fn now(name: &'static str, form: &'static str, also: &'static [&'static str]) -> Known {
    Known { name, form: Some(form), also }
}

const fn later(name: &'static str) -> Known {
    Known { name, form: None, also: &[] }
}

const NAMES: &[Known] = &[
    now("backend", "backend = \"file://./.cache/posts\"", &["store", "storage", "url"]),
    now("ttl", "ttl = \"5m\"", &["time", "expire", "max_age", "time_to_live", "ttl_secs"]),
    now("tti", "tti = \"5m\"", &["time_to_idle", "idle", "sliding"]),
    now("expires_at", "expires_at = |value| value.expires_at", &[]),
    now("jitter", "jitter = \"30s\"", &[]),
    now("capacity", "capacity = 10_000", &["size", "max_size", "maxsize", "max_capacity", "max_entries", "limit"]),
    now("max_bytes", "max_bytes = \"64MiB\"", &["max_memory", "memory"]),
    now("eviction", "eviction = lru", &["eviction_policy", "evict", "replacement"]),
    now("process_memory", "process_memory = \"2GiB\"", &["max_process_memory", "rss"]),
    now("frequency", "frequency = \"10/1h\"", &["min_frequency", "min_uses"]),
    now("ignore", "ignore = [db]", &["skip", "exclude"]),
    now("secret", "secret = [api_key]", &["sensitive", "redact"]),
    now("key", "key = (self.base_url, path)", &["convert", "key_fn"]),
    now("depends_on", "depends_on = [cacher::modified(path)]", &["depend_on", "invalidate_on"]),
    now("version", "version = \"v1\"", &["cache_version", "schema"]),
    now("depends", "depends = [parse, Client::get]", &["dependencies"]),
    now("result", "result", &[]),
    now("value", "value", &[]),
    now("name", "name = \"posts\"", &["namespace", "prefix"]),
    now("crate", "crate = ::cacher", &[]),
    now("companions", "companions = user_cache", &[]),
    now("single_flight", "single_flight = off", &["sync_writes", "sync"]),
    now("patience", "patience = \"10s\"", &[]),
    now("none_ttl", "none_ttl = \"30s\"", &[]),
    now("cache_if", "cache_if = |value| value.is_some()", &["condition", "when", "option"]),
    now("site", "site = self.cache", &[]),
    now("thread_local", "thread_local", &["unsync_reads", "local"]),
    now("rate_limit", "rate_limit = \"10/s\"", &["throttle", "rate", "delay"]),
    now("burst", "burst = 5", &[]),
    now("per", "per = url.host()", &[]),
    now("variance", "variance = 0.1", &[]),
    now("on_limit", "on_limit = error", &[]),
    now("max_wait", "max_wait = \"10s\"", &[]),
    now("strategies", "strategies = [SlowOnly]", &["strategy", "policies", "policy"]),
    now("format", "format = \"msgpack+zstd\"", &["serializer", "serialize", "formatter", "codec", "compress"]),
    now("keyer", "keyer = readable", &["key_format", "hasher"]),
    now("file_name", "file_name = |call| format!(\"{}/index\", call.function())", &["filename", "file", "path"]),
    now("write", "write = background", &["write_behind", "write_back", "write_policy"]),
    now("revisions", "revisions = 5", &["history", "keep_revisions", "max_revisions"]),
    now("archive", "archive", &["archival"]),
    now("single", "single", &["single_value", "singleton"]),
    now("batch", "batch = ids", &["batched", "many", "bulk", "loader"]),
    now("max_batch", "max_batch = 100", &["batch_size", "max_batch_size", "chunk_size"]),
    now("batch_window", "batch_window = \"2ms\"", &["batch_wait", "window", "batch_delay"]),
    now("parallel", "parallel = 4", &["concurrency", "workers", "threads"]),
    now("on_error", "on_error = partial", &[]),
    now("per_item", "per_item", &[]),
    now("extract", "extract = |request| request.ids.clone()", &["extractor"]),
    now("combine", "combine = |request, ids| Request { ids, ..request.clone() }", &["combinator", "combiner"]),
    now("stream", "stream", &["streaming"]),
    now("prefetch", "prefetch", &["preload", "warm"]),
    later("stale_if_error"),
    later("stale_while_revalidate"),
    later("refresh_at"),
    later("xfetch"),
    later("refresh"),
    later("soft_timeout"),
    later("hard_timeout"),
    later("abandon_after"),
    later("error_ttl"),
    later("tags"),
];

/// An error unless this version has an argument of this name.
pub(super) fn available(written: &Ident) -> Result<()> {
    let text = written.to_string();
    let problem = match NAMES.iter().find(|known| known.name == text) {
        Some(Known { form: Some(_), .. }) => return Ok(()),
        Some(_) => format!("`{text}` is not available in this version"),
        None => unknown(&text),
    };
    Err(Error::new(written.span(), problem))
}

fn unknown(text: &str) -> String {
    if let Some(known) = NAMES.iter().find(|known| known.also.contains(&text)) {
        return format!("there is no argument `{text}`; here it is called `{}`", known.name);
    }
    let hint = names::hint(text, NAMES.iter().map(|known| known.name));
    if hint.is_empty() {
        let available = NAMES.iter().filter(|known| known.form.is_some()).map(|known| known.name);
        return format!("there is no argument `{text}`; there are {}", names::list(available));
    }
    format!("there is no argument `{text}`{hint}")
}

/// How an argument is written, for advice.
pub(super) fn form(name: &Ident) -> &'static str {
    let known = NAMES.iter().find(|known| name == known.name);
    known.and_then(|known| known.form).unwrap_or_default()
}
