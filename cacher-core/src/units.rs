//! Durations as in `1h30m` and sizes as in `64MiB`, written as the attribute takes them. What is to be written
//! instead, the attribute's own reader says better: this one has no source to point at.

use std::time::Duration;

/// From large to small, in nanoseconds.
const TIMES: &[(&str, u64)] = &[
    ("w", 604_800_000_000_000),
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

const SIZES: &[(&str, u64)] = &[
    ("", 1),
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// Whole numbers with a unit each, from large to small: `90s`, `1h30m`, `1h 30m`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut units = TIMES;
    let mut total = 0_u64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, unit, after) = part(rest)?;
        let place = units.iter().position(|(name, _)| *name == unit)?;
        total = total.checked_add(number.checked_mul(units[place].1)?)?;
        units = &units[place + 1..];
        rest = after.trim_start();
    }
    Some(Duration::from_nanos(total))
}

/// A whole number of bytes, with a unit or without: `64MiB`, `10kB`, `512`.
pub(crate) fn size(text: &str) -> Option<u64> {
    let (number, unit, rest) = part(text.trim())?;
    let (_, scale) = SIZES.iter().find(|(name, _)| *name == unit)?;
    number.checked_mul(*scale).filter(|_| rest.is_empty())
}

/// Splits off a number and the unit after it.
fn part(text: &str) -> Option<(u64, &str, &str)> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at(digits);
    let rest = rest.trim_start();
    let letters = rest.find(|letter: char| letter.is_ascii_digit() || letter.is_whitespace()).unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(letters);
    Some((number.parse().ok()?, unit, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, millis) in [
            ("90s", 90_000),
            ("500ms", 500),
            ("1h30m", 5_400_000),
            ("1h 30m", 5_400_000),
            (" 1 h 30 m ", 5_400_000),
            ("1d", 86_400_000),
            ("2w", 1_209_600_000),
            ("1s500ms", 1500),
            ("0s", 0),
        ] {
            assert_eq!(duration(text), Some(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(duration("3us"), Some(Duration::from_micros(3)));
        assert_eq!(duration("7ns"), Some(Duration::from_nanos(7)));
    }

    #[test]
    fn what_is_no_duration() {
        for text in [
            "",
            "60",
            "1h30",
            "h",
            "-1s",
            "1.5h",
            "10min",
            "1H",
            "30m1h",
            "1h1h",
            "2000y",
            "99999w",
            "99999999999999999999s",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("512", 512),
            ("512B", 512),
            ("10kB", 10_000),
            ("3MB", 3_000_000),
            ("2GB", 2_000_000_000),
            ("1KiB", 1024),
            ("64 MiB", 64 << 20),
            ("1GiB", 1 << 30),
        ] {
            assert_eq!(size(text), Some(bytes), "{text}");
        }
        for text in ["", "64mib", "10KB", "1TB", "1.5MiB", "1MiB 2KiB", "99999999999GiB"] {
            assert_eq!(size(text), None, "{text}");
        }
    }
}
