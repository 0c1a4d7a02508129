//! Keys and values of every byte, and large ones: what is put under one key is seen under no other.

use cacher_core::direct::Cache;

use crate::scene::soon;

type Texts = Cache<String, Vec<u8>>;

/// Texts that mean something to a server, to a pattern, or to how keys are written.
fn odd_texts() -> Vec<String> {
    let each = (0..=255_u8).map(|byte| format!("a{}b", char::from(byte)));
    let commands =
        ["\r\n", "x\r\nFLUSHALL\r\n", "*1\r\n$8\r\nFLUSHALL\r\n", "\0", "'", "\"", "\\", "*", "?", "[a]", "{a}", "}{"];
    let shapes = ["", " ", "p|q", "|", "%7c", "%", "#", "#hash", "name|msgpack|x", "é", "\u{1f600}", "\u{fffd}"];
    let long = ["k".repeat(1 << 20), format!("{}1", "k".repeat(5000)), format!("{}2", "k".repeat(5000))];
    each.chain(commands.into_iter().chain(shapes).map(str::to_owned)).chain(long).collect()
}

fn every_byte(first: usize, length: usize) -> Vec<u8> {
    (first..first + length).map(|byte| byte.to_le_bytes()[0]).collect()
}

#[test]
fn nothing_leaks_from_one_key_or_cache_into_another() {
    let Some(url) = cacher_servers::redis() else { return };
    let texts = odd_texts();
    let open = |name: &str, memory: bool| -> Texts {
        let builder = Cache::builder().name(name);
        let builder = if memory { builder.backend("memory://") } else { builder };
        builder.backend(format!("{url}/7")).keyer(cacher_core::keyer::Readable::default()).build().expect("a cache")
    };
    let names = ["odd", "odd|", "odd*", "od?", "odd'\"", "odd|x"];
    let caches: Vec<_> = names.iter().enumerate().map(|(at, name)| open(name, at % 2 == 0)).collect();
    for (cache, at) in caches.iter().zip(0..) {
        cache.clear();
        for (text, key) in texts.iter().zip(0..) {
            assert!(cache.set(text, every_byte(at + key, 300)));
        }
    }
    for (cache, at) in caches.iter().zip(0..) {
        for ((found, text), key) in cache.get_many(&texts).into_iter().zip(&texts).zip(0..) {
            assert!(found == Some(every_byte(at + key, 300)), "{}: {:.40?}", cache.name(), text);
        }
        assert_eq!(cache.len(), texts.len() as u64, "{}", cache.name());
        assert_eq!(cache.stats().store_errors, 0);
    }
    caches[2].clear();
    for (cache, at) in caches.iter().zip(0..) {
        let left = if at == 2 { 0 } else { texts.len() as u64 };
        assert_eq!(cache.len(), left, "{}", cache.name());
    }
    for cache in &caches {
        cache.clear();
        soon(|| cache.len() == 0);
    }
}

#[test]
fn large_values_come_back() {
    let Some(url) = cacher_servers::redis() else { return };
    let cache: Texts = Cache::builder().name("large").backend(format!("{url}/7?timeout=5s")).build().expect("a cache");
    for length in [0, 1, 1 << 20, 8 << 20] {
        let value = every_byte(length, length);
        assert!(cache.set("large", value.clone()));
        assert!(cache.get("large") == Some(value), "{length} bytes");
    }
    assert_eq!(cache.stats().store_errors, 0);
    cache.clear();
}
