//! Which of several servers a key lives on: the one that its hash with the server's name is highest for (rendezvous
//! hashing, D. Thaler and C. Ravishankar, 1998).
//!
//! A server more or less moves its own part of the keys, and no other. The order of the servers means nothing.

/// The place of the server in the list, which is 0 for an empty one.
pub(super) fn pick<'a>(servers: impl IntoIterator<Item = &'a str>, key: &str) -> usize {
    let ranked = servers.into_iter().enumerate().max_by_key(|(_, name)| (weight(name, key), *name));
    ranked.map_or(0, |(at, _)| at)
}

fn weight(server: &str, key: &str) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(server.as_bytes()).update(b"\0").update(key.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVERS: [&str; 4] = ["10.0.0.1:11211", "10.0.0.2:11211", "10.0.0.3:11211", "10.0.0.4:11211"];

    fn keys() -> impl Iterator<Item = String> {
        (0..10_000).map(|n| format!("app::posts|msgpack|{n}"))
    }

    #[test]
    fn each_server_has_its_part() {
        let mut parts = [0; 4];
        keys().for_each(|key| parts[pick(SERVERS, &key)] += 1);
        // A quarter of 10,000 within five standard deviations.
        assert!(parts.iter().all(|part| (2283..=2717).contains(part)), "{parts:?}");
    }

    #[test]
    fn a_server_that_goes_moves_its_own_keys_only() {
        let left = [SERVERS[0], SERVERS[1], SERVERS[3]];
        for key in keys() {
            let (before, after) = (SERVERS[pick(SERVERS, &key)], left[pick(left, &key)]);
            assert!(before == SERVERS[2] || before == after, "{key}");
        }
    }

    #[test]
    fn the_order_of_the_list_means_nothing() {
        let mut turned = SERVERS;
        turned.reverse();
        assert!(keys().all(|key| SERVERS[pick(SERVERS, &key)] == turned[pick(turned, &key)]));
    }

    #[test]
    fn where_a_key_lives_stays_so_in_all_versions() {
        let places = ["a", "b", "c", "d", "e", "f"].map(|key| pick(SERVERS, key));
        assert_eq!(places, [0, 3, 2, 1, 1, 3]);
    }
}
