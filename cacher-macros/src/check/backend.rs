//! URLs of backends: one table of schemes for what there is, and what each takes.

use super::{Subject, format};
use crate::{
    args::{Backend, EVICTIONS},
    errors::Errors,
    names, units,
};
use syn::LitStr;

struct Scheme {
    name: &'static str,
    parameters: &'static [&'static str],
}

const fn scheme(name: &'static str, parameters: &'static [&'static str]) -> Scheme {
    Scheme { name, parameters }
}

const SCHEMES: &[Scheme] = &[
    scheme("memory", &["capacity", "max_bytes", "eviction", "format"]),
    scheme("file", &["format", "durability", "capacity", "max_bytes", "eviction"]),
    scheme("json", &["durability", "capacity", "max_bytes", "eviction"]),
    scheme("sqlite", &["table", "format", "durability", "capacity", "max_bytes", "eviction"]),
    scheme("lmdb", &["format", "durability", "capacity", "max_bytes", "eviction"]),
    scheme("null", &[]),
    scheme("redis", &["format", "timeout", "coherence"]),
    scheme("rediss", &["format", "timeout", "coherence", "ca"]),
    scheme("redis+unix", &["format", "timeout", "coherence", "db", "user", "pass"]),
    scheme("redis-cluster", &["format", "timeout"]),
    scheme("redis-sentinel", &["format", "timeout", "coherence"]),
    scheme("memcached", &["format", "timeout"]),
    scheme("memcached+unix", &["format", "timeout", "user", "pass"]),
    scheme("postgres", POSTGRES),
    scheme("mysql", &["table", "format", "timeout", "connections", "ssl-mode", "ssl-ca", "socket"]),
    scheme("mongodb", MONGODB),
];

const POSTGRES: &[&str] =
    &["table", "format", "timeout", "connections", "coherence", "sslmode", "sslrootcert", "options", "host"];

/// Ours, and what the driver knows.
const MONGODB: &[&str] = &[
    "collection",
    "format",
    "timeout",
    "appName",
    "authMechanism",
    "authSource",
    "directConnection",
    "heartbeatFrequencyMS",
    "journal",
    "loadBalanced",
    "localThresholdMS",
    "maxConnecting",
    "maxIdleTimeMS",
    "maxPoolSize",
    "minPoolSize",
    "readConcernLevel",
    "replicaSet",
    "retryReads",
    "retryWrites",
    "tls",
    "tlsAllowInvalidCertificates",
    "tlsCAFile",
    "tlsCertificateKeyFile",
    "w",
    "wtimeoutMS",
];

/// What a URL needs of the library: a scheme, and a format if it names one.
pub(crate) struct Needs {
    pub(crate) scheme: String,
    pub(crate) format: Option<String>,
}

/// The format that a URL says.
pub(super) fn format_of(url: &str) -> Option<String> {
    query(url).find(|(name, _)| *name == "format").map(|(_, value)| unescaped(value))
}

/// Whether it is a URL that says its format.
pub(super) fn has_format(url: &str) -> bool {
    format_of(url).is_some()
}

/// Whether it is the URL of a store that takes limits.
pub(super) fn can_be_bound(url: &str) -> bool {
    scheme_of(url)
        .is_none_or(|scheme| known(scheme).is_err() || known(scheme).is_ok_and(|all| all.contains(&"capacity")))
}

/// Whether it is a URL with this parameter.
pub(super) fn says(url: &str, parameter: &str) -> bool {
    query(url).any(|(name, _)| name == parameter)
}

/// Whether it is the URL of typed memory: with a format, memory is a store of bytes.
pub(crate) fn is_memory(url: &str) -> bool {
    scheme_of(url) == Some("memory") && !has_format(url)
}

/// Whether it is the URL of something known that is not typed memory.
pub(super) fn is_store(url: &str) -> bool {
    !is_memory(url) && scheme_of(url).is_some_and(|scheme| known(scheme).is_ok())
}

/// The size that the URL of typed memory is bound to.
pub(super) fn bound_of_memory(url: &str) -> Option<u64> {
    let most = query(url).find(|(name, _)| is_memory(url) && *name == "max_bytes")?;
    units::size(most.1).ok()
}

/// Whether its store gives leases; so may one that is not known.
pub(super) fn gives_leases(url: &str) -> bool {
    is_of(url, PACERS) || is_of(url, &["memcached", "memcached+unix"])
}

/// Whether its store keeps rates that processes share; so may one that is not known.
pub(super) fn keeps_rates(url: &str) -> bool {
    is_of(url, PACERS)
}

/// Whether it is of one of these schemes, or of none that is known.
fn is_of(url: &str, schemes: &[&str]) -> bool {
    scheme_of(url).is_none_or(|scheme| schemes.contains(&scheme) || known(scheme).is_err())
}

/// The stores that keep rates.
const PACERS: &[&str] =
    &["redis", "rediss", "redis+unix", "redis-cluster", "redis-sentinel", "postgres", "mysql", "mongodb"];

/// Whether it is the URL of files.
pub(super) fn is_files(url: &str) -> bool {
    scheme_of(url) == Some("file")
}

fn scheme_of(url: &str) -> Option<&str> {
    url.split_once("://").map(|(scheme, _)| scheme)
}

/// What a URL that has passed the check needs.
pub(crate) fn needs(url: &str) -> Needs {
    let scheme = match scheme_of(url).unwrap_or_default() {
        "redis+unix" | "redis-cluster" | "redis-sentinel" => "redis",
        "memcached+unix" => "memcached",
        scheme => scheme,
    };
    Needs { scheme: scheme.to_owned(), format: format_of(url) }
}

/// The parameters of a URL.
fn query(url: &str) -> impl Iterator<Item = (&str, &str)> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    query.split('&').filter(|part| !part.is_empty()).map(|part| part.split_once('=').unwrap_or((part, "")))
}

/// Text with what `%XX` stands for. What is wrong stays as it is, and is told when the store is opened.
fn unescaped(text: &str) -> String {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let escaped = piece.split_at_checked(2).and_then(|(digits, rest)| {
            let byte = u8::from_str_radix(digits, 16).ok()?;
            Some((byte, rest))
        });
        let (byte, rest) = escaped.unwrap_or((b'%', piece));
        bytes.push(byte);
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

// What can be known of a URL is known before the program runs.
pub(super) fn urls_are_known(Subject { args, .. }: Subject, errors: &Errors) {
    for backend in args.backend.iter().flat_map(|given| &given.value) {
        if let Backend::Url(url) = backend
            && let Err(problem) = check(url)
        {
            errors.at(url, problem);
        }
    }
}

fn check(literal: &LitStr) -> Result<(), String> {
    let url = literal.value();
    let Some((scheme, rest)) = url.split_once("://") else { return Err(no_scheme(&url)) };
    let parameters = known(scheme)?;
    let place = rest.split('?').next().unwrap_or_default();
    match (scheme, place) {
        ("memory" | "null", "") => {}
        ("memory" | "null", _) => return Err(format!("{scheme} has no place `{place}`: write `{scheme}://`")),
        (
            "redis" | "rediss" | "redis-cluster" | "redis-sentinel" | "memcached" | "postgres" | "mysql" | "mongodb",
            "",
        ) => return Err(format!("a server is missing: write it as in `{scheme}://localhost`")),
        ("postgres" | "mysql" | "mongodb", place)
            if place.split_once('/').is_none_or(|(_, database)| database.is_empty()) =>
        {
            return Err(format!("a database is missing: write it as in `{scheme}://user@localhost/database`"));
        }
        ("redis+unix", "") => return Err("a socket is missing: write it as in `redis+unix:///run/redis.sock`".into()),
        ("memcached+unix", "") => {
            return Err("a socket is missing: write it as in `memcached+unix:///run/memcached.sock`".into());
        }
        ("file", "") => return Err("a directory is missing: write it as in `file://./.cache/posts`".into()),
        ("lmdb", "") => return Err("a directory is missing: write it as in `lmdb://./.cache/posts`".into()),
        ("json" | "sqlite", "" | "." | "..") => {
            let end = if scheme == "json" { "json" } else { "db" };
            return Err(format!("a file is missing: write it as in `{scheme}://./cache.{end}`"));
        }
        _ => {}
    }
    if is_memory(&url) && says(&url, "eviction") {
        let text = "typed memory has an order of its own: write `memory://?format=msgpack&..` for memory that keeps \
                    bytes, or leave `eviction` out";
        return Err(text.into());
    }
    let mut seen = Vec::new();
    for (name, value) in query(&url) {
        parameter(scheme, parameters, name, value)?;
        if seen.contains(&name) {
            return Err(format!("`{name}` is given twice: keep one of them"));
        }
        seen.push(name);
    }
    if is_memory(&url) && seen.contains(&"capacity") && seen.contains(&"max_bytes") {
        return Err("typed memory counts entries by `capacity` or weighs them by `max_bytes`: keep one of them".into());
    }
    if seen.contains(&"eviction") && !seen.contains(&"capacity") && !seen.contains(&"max_bytes") {
        return Err("nothing has to make room here: write `capacity=10000` beside `eviction`, or leave it out".into());
    }
    Ok(())
}

fn no_scheme(text: &str) -> String {
    let name = text.split(':').next().unwrap_or_default();
    if text.contains(':') && SCHEMES.iter().any(|known| known.name == name) {
        return format!("a URL has two slashes behind its scheme: write `{name}://`");
    }
    if SCHEMES.iter().any(|known| known.name == text) {
        return format!("this is not a URL: write `{text}://`");
    }
    format!("this is not a URL: write `file://{text}` for a directory, or `memory://`")
}

/// The parameters of a scheme, if there is one of this name.
fn known(scheme: &str) -> Result<&'static [&'static str], String> {
    if let Some(known) = SCHEMES.iter().find(|known| known.name == scheme) {
        return Ok(known.parameters);
    }
    let names = || SCHEMES.iter().map(|known| known.name);
    let hint = names::hint(scheme, names());
    let end = if hint.is_empty() { format!("; there are {}", names::list(names())) } else { hint };
    Err(format!("there is no scheme `{scheme}`{end}"))
}

fn parameter(scheme: &str, parameters: &[&'static str], name: &str, value: &str) -> Result<(), String> {
    let all: Vec<_> = parameters.iter().copied().chain((scheme != "null").then_some("ttl")).collect();
    if !all.contains(&name) {
        let parameters = &all[..];
        let hint = names::hint(name, parameters.iter().copied());
        let end = match parameters {
            [] => "; it has none".into(),
            _ if hint.is_empty() => format!("; it has {}", names::list(parameters.iter().copied())),
            _ => hint,
        };
        return Err(format!("`{scheme}://` has no parameter `{name}`{end}"));
    }
    match name {
        _ if value.is_empty() => Err(format!("`{name}` has no value: write `{name}=..`")),
        "capacity" if value.parse::<usize>().is_err() => {
            Err(format!("`capacity` is a number of entries: write `capacity=10000` in place of `{value}`"))
        }
        "capacity" | "max_bytes" if value.trim_matches('0').is_empty() => {
            Err(format!("`{name}={value}` keeps nothing"))
        }
        "max_bytes" => units::size(value).map(drop),
        "eviction" if !EVICTIONS.contains(&value) => {
            let hint = names::hint(value, EVICTIONS.iter().copied());
            let end =
                if hint.is_empty() { format!("; there are {}", names::list(EVICTIONS.iter().copied())) } else { hint };
            Err(format!("there is no order `{value}`{end}"))
        }
        "format" => format::chain(&unescaped(value)),
        "table" | "collection" => table(name, value, if scheme == "postgres" { 59 } else { 64 }),
        "connections" if !value.parse().is_ok_and(|number: u16| (1..=1000).contains(&number)) => {
            Err(format!("`connections` is a number from 1 to 1000: write `connections=8` in place of `{value}`"))
        }
        "timeout" => units::duration(value).map(drop),
        "ttl" if units::duration(value)?.is_zero() => Err("`ttl=0s` keeps nothing".to_owned()),
        "w" if value.parse() == Ok(0) => Err("with `w=0` nobody would know what is stored: write `w=1`".into()),
        "coherence" if !["on", "off"].contains(&value) => {
            Err(format!("`coherence` is `on` or `off`: write `coherence=off` in place of `{value}`"))
        }
        "durability" if !["process", "power"].contains(&value) => {
            Err(format!("the durability is `process` or `power`: write `durability=power` in place of `{value}`"))
        }
        _ => Ok(()),
    }
}

// What the store says when it is opened, before the program runs.
fn table(what: &str, value: &str, most: usize) -> Result<(), String> {
    let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if plain && value.len() <= most && !value.starts_with(|first: char| first.is_ascii_digit()) {
        return Ok(());
    }
    Err(format!("invalid {what} name `{value}`: write letters, digits and `_`, at most {most}, no digit first"))
}
