//! Servers that are killed, paused, restarted, or behind a network that fails.

use std::time::Duration;

use super::Scene;
use crate::scene::{Numbers, TIMEOUT, bears, cache, soon};

fn each(scene: &Scene, fail: impl Fn(&Scene), mend: impl Fn(&Scene)) {
    for cache in [&scene.alone, &scene.tiers] {
        bears(cache, || fail(scene), || mend(scene));
    }
}

#[test]
fn killed_and_started_again() {
    let Some(scene) = Scene::new() else { return };
    each(&scene, |scene| scene.server.stop(), |scene| scene.server.start());
}

#[test]
fn paused() {
    let Some(scene) = Scene::new() else { return };
    each(&scene, |scene| scene.server.pause(), |scene| scene.server.resume());
}

#[test]
fn held() {
    let Some(scene) = Scene::new() else { return };
    each(&scene, |scene| scene.proxy.hold(), |scene| scene.proxy.pass());
}

#[test]
fn refused() {
    let Some(scene) = Scene::new() else { return };
    let fail = |scene: &Scene| {
        scene.proxy.refuse();
        scene.proxy.drop_all();
    };
    each(&scene, fail, |scene| scene.proxy.pass());
}

#[test]
fn cut_before_an_answer_and_within_one() {
    let Some(scene) = Scene::new() else { return };
    for bytes in [0, 3] {
        each(&scene, |scene| scene.proxy.cut_after(bytes), |scene| scene.proxy.pass());
    }
}

#[test]
fn slower_than_the_timeout() {
    let Some(scene) = Scene::new() else { return };
    each(&scene, |scene| scene.proxy.delay(TIMEOUT * 2), |scene| scene.proxy.pass());
}

#[test]
fn down_at_first() {
    let Some(scene) = Scene::new() else { return };
    scene.server.stop();
    for cache in [&scene.alone, &scene.tiers] {
        assert_eq!(cache.get_or_load(&1, || 1), 1);
    }
    scene.server.start();
    for cache in [&scene.alone, &scene.tiers] {
        works_again(cache);
    }
}

/// A server that nothing reaches any more on the connection that stands, as behind a firewall that forgot it, is asked
/// on another one.
#[test]
fn a_connection_that_is_silent_is_left() {
    let Some(scene) = Scene::new() else { return };
    for memory in [false, true] {
        let url = format!("redis://{}/{}", scene.proxy.address(), u8::from(memory));
        let cache = cache("silent", &url, memory);
        assert_eq!(cache.get_or_load(&1, || 10), 10);
        scene.proxy.strand();
        let mut round = 100;
        soon(|| {
            round += 1;
            let before = cache.stats().store_errors;
            cache.set(&round, round) && cache.stats().store_errors == before
        });
    }
}

/// Waits until the store of this cache answers, at most as long as a failover takes.
fn works_again(cache: &Numbers) {
    let mut round = 1000;
    soon(|| {
        round += 1;
        let before = cache.stats().store_errors;
        assert_eq!(cache.get_or_load(&round, || round), round);
        cache.stats().store_errors == before
    });
}

/// Sentinels that don't answer are passed over.
#[test]
fn a_sentinel_that_is_silent() {
    let Some(url) = cacher_servers::redis_sentinel() else { return };
    let proxy = cacher_servers::Proxy::before(&url);
    proxy.hold();
    let url = url.replace("redis-sentinel://", &format!("redis-sentinel://{},", proxy.address()));
    let cache = cache("silent_sentinel", &url, true);
    assert_eq!(cache.get_or_load(&1, || 1), 1);
    works_again(&cache);
    drop(proxy);
}

/// Neither `clear` nor `len` waits longer for a server that is silent than for one answer.
#[test]
fn clearing_does_not_hang() {
    let Some(scene) = Scene::new() else { return };
    scene.alone.set(&1, 1);
    scene.server.pause();
    let start = std::time::Instant::now();
    assert_eq!(scene.alone.clear(), cacher_core::core::Removal::Pending);
    let _ = scene.alone.len();
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    scene.server.resume();
}
