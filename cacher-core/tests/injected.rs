//! Keys, names and values of every byte, and large ones, on every kind of server: what is put under one is seen under no
//! other, and is never taken for a command.

#![cfg(any(feature = "redis", feature = "memcached", feature = "postgres", feature = "mysql", feature = "mongodb"))]

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use cacher_core::{
    backend::Backend,
    direct::Cache,
    keyer::{Hash, Readable},
    wrap::prefixed::Prefixed,
};

type Texts = Cache<String, Vec<u8>>;

const MEBIBYTE: usize = 1 << 20;

/// A server for tests, which is kept as long as it is needed.
struct Place {
    url: String,
    _server: Option<cacher_servers::Memcached>,
}

/// Every kind of server that runs.
fn places() -> Vec<Place> {
    let at = |is_on: bool, address: fn() -> Option<String>, rest: &str| {
        let url = if is_on { address() } else { None };
        url.map(|url| Place { url: url + rest + "timeout=20s", _server: None })
    };
    let redis = cfg!(feature = "redis");
    let mut places: Vec<Place> = [
        at(redis, cacher_servers::redis, "/7?"),
        at(redis, cacher_servers::redis_cluster, "?"),
        at(cfg!(feature = "redis_tls"), cacher_servers::redis_tls, "&"),
        at(cfg!(feature = "postgres"), cacher_servers::postgres, "?table=injected&"),
        at(cfg!(feature = "mysql"), cacher_servers::mariadb, "?table=injected&"),
        at(cfg!(feature = "mongodb"), cacher_servers::mongodb, "&collection=injected&"),
    ]
    .into_iter()
    .flatten()
    .collect();
    // As it comes, memcached takes no entry of a mebibyte, and the shared one makes room for others.
    let roomy = || cacher_servers::Memcached::private_with(&["-I", "8m", "-m", "256"]);
    if let Some(server) = cfg!(feature = "memcached").then(roomy).flatten() {
        places.push(Place { url: server.url() + "?timeout=20s", _server: Some(server) });
    }
    places
}

/// The store at a URL.
fn store(url: &str) -> Arc<dyn Backend> {
    use cacher_core::backend::*;
    match url.split(':').next().expect("a scheme") {
        #[cfg(feature = "memcached")]
        "memcached" => Arc::new(driven::Driven::new(memcached::Memcached::from_url(url).expect("a URL"))),
        #[cfg(any(feature = "postgres", feature = "mysql"))]
        "postgres" | "mysql" => Arc::new(driven::Driven::new(sql::Sql::from_url(url).expect("a URL"))),
        #[cfg(feature = "mongodb")]
        "mongodb" => Arc::new(driven::Driven::new(mongodb::MongoDb::from_url(url).expect("a URL"))),
        #[cfg(feature = "redis")]
        scheme if scheme.starts_with("redis") => {
            Arc::new(driven::Driven::new(redis::Redis::from_url(url).expect("a URL")))
        }
        scheme => panic!("no store is {scheme}"),
    }
}

/// Texts that mean something to a server, to what speaks to it, to a pattern, or to how keys are written.
fn odd_texts() -> Vec<String> {
    let each = (0..=u8::MAX).map(|byte| format!("a{}b", char::from(byte)));
    let commands = [
        "\r\n",
        "x\r\nFLUSHALL\r\n",
        "*1\r\n$8\r\nFLUSHALL\r\n",
        "x\r\nflush_all\r\n",
        "a b",
        "mn\r\n",
        "\0",
        "'; DROP TABLE injected; --",
        "' OR '1'='1",
        "\\'; DELETE FROM injected; #",
        "\"",
        "\\",
        "`",
        "$1",
        "?",
        "%",
        "_",
        "{\"$gt\": \"\"}",
        "$where",
        "a.b",
        "*",
        "[a]",
        "{a}",
        "}{",
    ];
    let shapes =
        ["", " ", "p|q", "|", "%7c", "%", "#", "#hash", "name|msgpack|x", "A", "a", "a ", "é", "e\u{301}", "👾"];
    let long = ["k".repeat(MEBIBYTE), format!("{}1", "k".repeat(5000)), format!("{}2", "k".repeat(5000))];
    let mut texts: Vec<_> = each.chain(commands.into_iter().chain(shapes).map(str::to_owned)).chain(long).collect();
    texts.sort();
    texts.dedup();
    texts
}

/// So many bytes, the first of which is this one; each place has others.
fn every_byte(first: usize, length: usize) -> Vec<u8> {
    (first..first + length).map(|byte| byte.to_le_bytes()[0]).collect()
}

/// What no other run has in a name.
fn run() -> String {
    format!("{:?}", SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default())
}

fn soon(what: impl Fn() -> bool) {
    let start = Instant::now();
    while !what() {
        assert!(start.elapsed() < Duration::from_secs(20), "it did not become true");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Puts something of its own under every text of each cache, and sees that all of it stays apart; then clears one.
fn stay_apart(caches: &[Texts], texts: &[String], url: &str) {
    for (cache, at) in caches.iter().zip(0..) {
        for (text, key) in texts.iter().zip(0..) {
            assert!(cache.set(text, every_byte(at + key, 300)), "{url}: {text:.40?}");
        }
    }
    let check = |cleared: Option<usize>| {
        for (cache, at) in caches.iter().zip(0..) {
            for ((found, text), key) in cache.get_many(texts).into_iter().zip(texts).zip(0..) {
                let expected = (cleared != Some(at)).then(|| every_byte(at + key, 300));
                assert!(found == expected, "{url}, {}: {text:.40?}", cache.name());
            }
            let counts = !url.starts_with("memcached");
            let left = if cleared == Some(at) { 0 } else { texts.len() as u64 };
            assert!(!counts || cache.len() == left, "{url}, {}: {}", cache.name(), cache.len());
        }
    };
    check(None);
    caches[2].clear();
    check(Some(2));
    for cache in caches {
        assert_eq!(cache.stats().store_errors, 0, "{url}");
        cache.clear();
        soon(|| cache.get(&texts[0]).is_none());
    }
}

#[test]
fn nothing_leaks_from_one_key_or_name_into_another() {
    let texts = odd_texts();
    for Place { url, .. } in &places() {
        let run = run();
        let open = |(name, memory, readable): (&str, bool, bool)| -> Texts {
            let builder = Cache::builder().name(format!("injected{run}{name}"));
            let builder = if memory { builder.backend("memory://") } else { builder };
            let builder = if readable { builder.keyer(Readable::default()) } else { builder.keyer(Hash) };
            builder.backend(&**url).build().expect("a cache")
        };
        let (y, n) = (true, false);
        let caches = [("", n, n), ("|", n, y), ("*", y, y), ("'\"", n, y), ("|x", y, n)].map(open);
        stay_apart(&caches, &texts, url);
    }
}

#[test]
fn nothing_leaks_from_one_prefix_into_another() {
    let texts: Vec<_> = odd_texts().into_iter().skip(250).collect();
    for Place { url, .. } in &places() {
        let run = run();
        let open = |prefix: &str| -> Texts {
            let part = Prefixed::shared(store(url), format!("{run}{prefix}"));
            Cache::builder().name("prefixed").backend(part).build().expect("a cache")
        };
        let caches = ["", "\r\nflush_all\r\n", "'; --", "\0", "%", "*", "a.", "a..", "{a}"].map(open);
        stay_apart(&caches, &texts, url);
    }
}

#[test]
fn large_values_come_back_to_both_shells() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for Place { url, .. } in &places() {
        let cache: Texts = Cache::builder().name(format!("large{}", run())).backend(&**url).build().expect("a cache");
        for length in [0, 1, 65_535, 65_536, MEBIBYTE, 5 * MEBIBYTE] {
            let value = every_byte(length, length);
            assert!(cache.set("large", value.clone()), "{url}: {length} bytes");
            assert!(cache.get("large") == Some(value.clone()), "{url}: {length} bytes");
            runtime.block_on(async {
                let nonblocking = cache.nonblocking();
                assert!(nonblocking.set("larger", value.clone()).await, "{url}: {length} bytes");
                assert!(nonblocking.get("larger").await == Some(value), "{url}: {length} bytes");
            });
        }
        assert_eq!(cache.stats().store_errors, 0, "{url}");
        cache.clear();
    }
}

/// What others have in a Redis stays, and no command is run that was not meant.
#[test]
#[cfg(feature = "redis")]
fn redis_is_told_no_commands() {
    let Some(server) = cacher_servers::Redis::private() else { return };
    let mut client = server.client();
    client.ask(&["SET", "theirs", "kept"]);
    client.ask(&["SET", "injected", "kept"]);
    let open = |name: &str| -> Texts {
        let cache = Cache::builder().name(name).keyer(Readable::default());
        cache.backend(format!("{}?timeout=20s", server.url())).build().expect("a cache")
    };
    stay_apart(&["injected", "*", "thei"].map(open), &odd_texts(), &server.url());
    for key in ["theirs", "injected"] {
        assert_eq!(client.ask(&["GET", key]), cacher_servers::Reply::Bytes(b"kept".to_vec()));
    }
    assert_eq!((client.calls("flushall"), client.calls("flushdb")), (0, 0));
}

/// The same of a memcached.
#[test]
#[cfg(feature = "memcached")]
fn memcached_is_told_no_commands() {
    use std::{
        io::{BufRead, BufReader, Write},
        net::TcpStream,
    };

    let Some(server) = cacher_servers::Memcached::private_with(&["-m", "256", "-I", "8m"]) else { return };
    let said = |request: &str| {
        let mut stream = TcpStream::connect(server.address()).expect("a server");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).expect("an answer");
        line
    };
    for key in ["theirs", "injected"] {
        assert_eq!(said(&format!("set {key} 0 0 4\r\nkept\r\n")), "STORED\r\n");
    }
    let open = |name: &str| -> Texts {
        let cache = Cache::builder().name(name).keyer(Readable::default());
        cache.backend(format!("{}?timeout=20s", server.url())).build().expect("a cache")
    };
    stay_apart(&["injected", "*", "thei"].map(open), &odd_texts(), &server.url());
    for key in ["theirs", "injected"] {
        assert_eq!(said(&format!("get {key}\r\n")), format!("VALUE {key} 0 4\r\n"));
    }
    assert_eq!(server.stats()["cmd_flush"], "0");
}
