//! Commands and news that arrive late.

use cacher_core::core::Removal;

use crate::scene::{Scene, cache, soon};

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
        std::thread::sleep(std::time::Duration::from_millis(300));
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
        scene.proxy.delay(std::time::Duration::from_millis(60));
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
        scene.proxy.delay(std::time::Duration::from_millis(wait));
        let loaded = cacher_core::scope::refresh(|| {
            scene.tiers.get_or_load(&1, || {
                other.delete(&1);
                std::thread::sleep(std::time::Duration::from_millis(60 - wait));
                1
            })
        });
        assert_eq!(loaded, 1);
        scene.proxy.pass();
        soon(|| scene.tiers.get(&1).is_none());
        assert_eq!((other.get(&1), scene.tiers.get(&1)), (None, None));
    }
}
