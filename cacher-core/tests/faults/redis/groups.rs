//! Servers that stand in for each other, and one of which goes.

use std::time::{Duration, Instant};

use cacher_servers::{Redis, Reply, Sentinel};

use crate::scene::{Numbers, bounded, cache, soon, soon_enough};

fn text(reply: Reply) -> String {
    match reply {
        Reply::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        other => panic!("{other:?}"),
    }
}

/// Whether a key that was never asked for is loaded and stored without a fault.
fn works(cache: &Numbers, key: u64) -> bool {
    let before = cache.stats().store_errors;
    assert_eq!(bounded(|| cache.get_or_load(&key, || key)), key);
    cache.stats().store_errors == before
}

/// The primary is killed, and sentinels name another one.
#[test]
fn a_primary_that_is_replaced() {
    let (Some(primary), Some(replica)) = (Redis::private(), Redis::private()) else { return };
    replica.client().ask(&["REPLICAOF", "127.0.0.1", &primary.port().to_string()]);
    let Some(sentinel) = Sentinel::private(&primary) else { return };
    soon_enough(Duration::from_secs(40), || {
        text(sentinel.client().ask(&["INFO", "sentinel"])).contains("status=ok,address=")
            && text(sentinel.client().ask(&["INFO", "sentinel"])).contains("slaves=1")
    });
    for memory in [false, true] {
        let name = if memory { "tiers" } else { "alone" };
        let cache = cache(name, &sentinel.url(), memory);
        assert!(cache.set(&1, 10) && works(&cache, 2));
    }
    let (alone, tiers) = (cache("alone", &sentinel.url(), false), cache("tiers", &sentinel.url(), true));
    soon(|| replica.client().ask(&["DBSIZE"]) == Reply::Integer(4));
    assert_eq!(tiers.get(&1), Some(10));
    primary.stop();
    let (mut key, start) = (100, Instant::now());
    soon_enough(Duration::from_secs(60), || {
        key += 1;
        [&alone, &tiers].into_iter().all(|cache| works(cache, key))
    });
    println!("failed over within {:?}", start.elapsed());
    for cache in [&alone, &tiers] {
        assert!(cache.get(&1).is_none_or(|value| value == 10));
        soon(|| cache.set(&1, 11));
        assert_eq!(cache.get(&1), Some(11));
    }
}

const SLOTS: [(u16, u16); 3] = [(0, 5460), (5461, 10922), (10923, 16383)];

/// Three primaries, each with a third of the keys.
fn cluster() -> Option<[Redis; 3]> {
    let settings =
        [("cluster-enabled", "yes"), ("cluster-node-timeout", "1000"), ("cluster-require-full-coverage", "no")];
    let nodes = [Redis::private_with(&settings)?, Redis::private_with(&settings)?, Redis::private_with(&settings)?];
    for (node, (first, last)) in nodes.iter().zip(SLOTS) {
        let mut client = node.client();
        client.ask(&["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &last.to_string()]);
        client.ask(&["CLUSTER", "MEET", "127.0.0.1", &nodes[0].port().to_string()]);
    }
    for node in &nodes {
        soon(|| text(node.client().ask(&["CLUSTER", "INFO"])).contains("cluster_slots_ok:16384"));
    }
    Some(nodes)
}

#[test]
fn a_node_of_a_cluster_that_is_stopped() {
    let Some(nodes) = cluster() else { return };
    let addresses: Vec<_> = nodes.iter().map(|node| node.address()).collect();
    let url = format!("redis-cluster://{}", addresses.join(","));
    for (round, memory) in [false, true].into_iter().enumerate() {
        let (cache, stopped) = (cache("nodes", &url, memory), &nodes[round + 1]);
        soon(|| (0..30).all(|key| works(&cache, key)));
        stopped.stop();
        let before = cache.stats().store_errors;
        for key in 0..30 {
            assert_eq!(bounded(|| cache.get_or_load(&key, || key)), key);
            assert_eq!(bounded(|| cache.get_or_load(&(key + 1000), || key)), key);
        }
        assert!(cache.stats().store_errors > before);
        stopped.start();
        let mut key = 2000;
        soon_enough(Duration::from_secs(60), || {
            key += 100;
            (key..key + 30).all(|key| works(&cache, key))
        });
        soon_enough(Duration::from_secs(60), || cache.stats().pending_removals == 0);
        cache.clear();
    }
}
