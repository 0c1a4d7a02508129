//! Commands and news that arrive late.

use std::{thread, time::Duration};

use cacher_core::{core::Removal, direct::Cache};
use serde::{Deserialize, Serialize, Serializer};

use super::Scene;
use crate::scene::{cache, soon};

/// A write that was given up stays undone, even if the network brings it at last.
#[test]
fn a_write_that_was_given_up_does_not_come_after_all() {
    let Some(scene) = Scene::new() else { return };
    for memory in [false, true] {
        let name = if memory { "given_up_tiers" } else { "given_up" };
        let cache = cache(name, &format!("redis://{}/{}", scene.proxy.address(), u8::from(memory)), memory);
        assert!(cache.set(&1, 1));
        scene.proxy.strand();
        cache.set(&1, 2);
        let mut value = 2;
        soon(|| {
            value += 1;
            let before = cache.stats().store_errors;
            cache.set(&1, value) && cache.stats().store_errors == before
        });
        soon(|| cache.stats().pending_removals == 0);
        assert!(cache.set(&1, 1000));
        scene.proxy.pass();
        thread::sleep(Duration::from_millis(300));
        assert_eq!(cache.get(&1), Some(1000));
        assert_eq!(cache.entry(&1).invalidate(), Removal::Removed);
        assert_eq!(cache.get(&1), None);
    }
}

/// A load that read its source before another node's invalidation, and whose write comes after it, leaves nothing.
#[test]
fn a_load_whose_write_crosses_an_invalidation_elsewhere() {
    let Some(scene) = Scene::new() else { return };
    let other = cache("tiers", &scene.server.url(), true);
    for key in 0..10 {
        scene.proxy.pass();
        scene.tiers.set(&1000, 0);
        // Answers and news are late: the invalidation is told of when the write is already under way.
        scene.proxy.delay(Duration::from_millis(60));
        let loaded = scene.tiers.get_or_load(&key, || {
            other.delete(&key);
            1
        });
        assert_eq!(loaded, 1, "the caller gets what its body made");
        scene.proxy.pass();
        soon(|| scene.tiers.get(&key).is_none());
        assert_eq!((other.get(&key), scene.tiers.get(&key)), (None, None));
    }
}

/// The same for a refresh.
#[test]
fn a_refresh_that_crosses_an_invalidation_elsewhere() {
    let Some(scene) = Scene::new() else { return };
    let other = cache("tiers", &scene.server.url(), true);
    other.set(&1, 0);
    other.delete(&1);
    for wait in [0, 60] {
        scene.tiers.set(&1, 0);
        scene.proxy.delay(Duration::from_millis(wait));
        let loaded = cacher_core::scope::refresh(|| {
            scene.tiers.get_or_load(&1, || {
                other.delete(&1);
                thread::sleep(Duration::from_millis(60 - wait));
                1
            })
        });
        assert_eq!(loaded, 1);
        scene.proxy.pass();
        soon(|| scene.tiers.get(&1).is_none());
        assert_eq!((other.get(&1), scene.tiers.get(&1)), (None, None));
    }
}

/// A number that needs time to be written.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(transparent)]
struct Slow(u64);

impl Serialize for Slow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        thread::sleep(Duration::from_millis(200));
        serializer.serialize_u64(self.0)
    }
}

/// What is set after another node has set it is the later one, also if the news of the other's comes meanwhile.
#[test]
fn news_of_what_was_set_before_undo_nothing() {
    let Some(scene) = Scene::new() else { return };
    let node = |address: &str| {
        let builder = Cache::builder().name("slow").backend("memory://").backend(format!("redis://{address}"));
        builder.build().expect("a cache")
    };
    let nodes: [Cache<u64, Slow>; 2] = [node(&scene.proxy.address()), node(&scene.server.address())];
    assert!(nodes[0].set(&1, Slow(0)));
    scene.proxy.delay(Duration::from_millis(100));
    assert!(nodes[1].set(&1, Slow(1)));
    assert!(nodes[0].set(&1, Slow(2)));
    soon(|| nodes[1].get(&1) == Some(Slow(2)));
    assert_eq!(nodes[0].get(&1), Some(Slow(2)));
}
