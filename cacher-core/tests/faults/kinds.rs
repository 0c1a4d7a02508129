//! Servers of every kind but Redis, killed, paused, restarted, or behind a network that fails.

use std::{process, time::Duration};

use cacher_servers::Proxy;

use crate::scene::{Numbers, Scene, TIMEOUT, bears, caches, soon};

/// A shared server, behind a network that fails.
struct Network {
    proxy: Proxy,
    caches: [Numbers; 2],
}

impl Network {
    /// `url` is that of the server, `place` what is put behind it.
    fn before(url: &str, place: &str, name: &str) -> Self {
        let proxy = Proxy::before(url);
        let name = format!("faults::{name}::{}::", process::id());
        let address = url.split_once("://").map_or(url, |(_, rest)| rest).split('/').next().expect("a host");
        let address = address.rsplit('@').next().expect("a host");
        let caches = caches(&name, &(url.replace(address, &proxy.address()) + place));
        Self { proxy, caches }
    }

    fn bears(self, fail: impl Fn(&Proxy)) {
        for cache in &self.caches {
            bears(cache, || fail(&self.proxy), || self.proxy.pass());
            cache.clear();
        }
    }
}

/// Waits until the store of this cache answers.
fn works_again(cache: &Numbers) {
    let mut round = 1000;
    soon(|| {
        round += 1;
        let before = cache.stats().store_errors;
        assert_eq!(cache.get_or_load(&round, || round), round);
        cache.stats().store_errors == before
    });
}

macro_rules! kinds {
    ($($feature:literal $kind:ident: $shared:path, $place:literal, $private:ty;)*) => {$(
        #[cfg(feature = $feature)]
        mod $kind {
            use super::*;

            fn network(name: &str) -> Option<Network> {
                let url = $shared()?;
                Some(Network::before(&url, $place, &format!("{}::{name}", stringify!($kind))))
            }

            #[test]
            fn held() {
                let Some(network) = network("held") else { return };
                network.bears(Proxy::hold);
            }

            #[test]
            fn refused() {
                let Some(network) = network("refused") else { return };
                network.bears(|proxy| {
                    proxy.refuse();
                    proxy.drop_all();
                });
            }

            #[test]
            fn cut_before_an_answer_and_within_one() {
                for bytes in [0, 3] {
                    let Some(network) = network(&format!("cut{bytes}")) else { return };
                    network.bears(|proxy| proxy.cut_after(bytes));
                }
            }

            #[test]
            fn slower_than_the_timeout() {
                let Some(network) = network("slow") else { return };
                network.bears(|proxy| proxy.delay(TIMEOUT * 2));
            }

            /// As long as it is in time, it is used.
            #[test]
            fn slower_within_the_timeout() {
                let Some(network) = network("slower") else { return };
                for cache in &network.caches {
                    works_again(cache);
                    network.proxy.delay(Duration::from_millis(5));
                    let mut round = 0;
                    soon(|| {
                        round += 1;
                        cache.set(&round, round) && cache.get_or_load(&round, || 0) == round
                    });
                    network.proxy.pass();
                    cache.clear();
                }
            }

            /// As the server alone is: killed, so that nothing is said to anybody; paused; started late.
            #[test]
            fn killed_paused_and_down_at_first() {
                let Some(server) = <$private>::private() else { return };
                let url = server.url();
                let scene = Scene::of(server, &url, "");
                scene.server.stop();
                for cache in [&scene.alone, &scene.tiers] {
                    assert_eq!(cache.get_or_load(&1, || 10), 10);
                }
                scene.server.start();
                for cache in [&scene.alone, &scene.tiers] {
                    works_again(cache);
                    bears(cache, || scene.server.stop(), || scene.server.start());
                    cache.clear();
                    works_again(cache);
                    bears(cache, || scene.server.pause(), || scene.server.resume());
                    cache.clear();
                    works_again(cache);
                }
            }
        }
    )*};
}

kinds! {
    "memcached" memcached: cacher_servers::memcached, "", cacher_servers::Memcached;
    "postgres" postgres: cacher_servers::postgres, "?table=faults", cacher_servers::Postgres;
    "mysql" mariadb: cacher_servers::mariadb, "?table=faults", cacher_servers::MariaDb;
    "mongodb" mongodb: cacher_servers::mongodb, "&collection=faults", cacher_servers::MongoDb;
}
