//! Expiry as the server counts it: in whole seconds of its own clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// More seconds than this are taken for a time since 1970.
const LONGEST_LIFE: u64 = 30 * 24 * 3600;

/// What tells the server when an entry may go: 0 for never, `None` for one that has expired already.
///
/// It is up to two seconds too much, never too little: a second of the server may be almost over when it begins to
/// count. The envelope knows the exact time.
pub(super) fn seconds(expires: Option<SystemTime>, now: SystemTime) -> Option<u32> {
    let Some(expires) = expires else { return Some(0) };
    let left = expires.duration_since(now).ok().filter(|left| !left.is_zero())?;
    let life = rounded_up(left) + 1;
    let told = if life <= LONGEST_LIFE {
        life
    } else {
        rounded_up(expires.duration_since(UNIX_EPOCH).unwrap_or_default()) + 1
    };
    // The server reads no more than 31 bits. What lives longer stays until it is evicted.
    Some(u32::try_from(told).ok().filter(|told| i32::try_from(*told).is_ok()).unwrap_or(0))
}

fn rounded_up(time: Duration) -> u64 {
    time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0)).min(u64::MAX - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 3600;

    #[test]
    fn no_entry_goes_too_early() {
        let now = UNIX_EPOCH + Duration::from_millis(1_800_000_000_500);
        let in_ms = |left: u64| seconds(Some(now + Duration::from_millis(left)), now);
        assert_eq!((seconds(None, now), seconds(Some(now), now)), (Some(0), None));
        assert_eq!(seconds(Some(now - Duration::from_secs(1)), now), None);
        assert_eq!([1, 999, 1000, 1001, 59_500].map(in_ms), [2, 2, 2, 3, 61].map(Some));
        assert_eq!(in_ms((30 * DAY - 1) * 1000), Some(2_592_000));
        assert_eq!(in_ms(30 * DAY * 1000), Some(1_800_000_000 + 2_592_000 + 2), "a time, not a life");
        assert_eq!(in_ms(10_000 * DAY * 1000), Some(0), "beyond what the server can count");
        assert_eq!(seconds(Some(UNIX_EPOCH + Duration::from_secs(1)), UNIX_EPOCH), Some(2));
    }
}
