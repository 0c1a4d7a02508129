//! Numbers that look random, the same ones for the same seed.

use std::env;

/// `SplitMix64`.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// True once in so many times.
    pub(super) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// So many items at most, one at least, of which some may be the same.
    pub(super) fn items(&mut self, most: u64, of: u64) -> Vec<u64> {
        let count = 1 + self.below(most);
        (0..count).map(|_| self.below(of)).collect()
    }
}

/// How many schedules a test tries: its share of what `CACHER_TEST_SCHEDULES` says, which by default is 25,000.
pub(super) fn schedules(share: f64) -> u64 {
    let all = env::var("CACHER_TEST_SCHEDULES").ok().and_then(|count| count.parse().ok()).unwrap_or(25_000_u32);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
    let own = (f64::from(all) * share).ceil() as u64;
    own
}
