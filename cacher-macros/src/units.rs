//! Durations as in `"1h30m"` and sizes as in `"64MiB"`.

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
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// Whole numbers with a unit each, from large to small: `"90s"`, `"1h30m"`, `"1h 30m"`.
///
/// There are no fractions, so a duration has one natural spelling.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let mut rest = text.trim();
    let mut units = TIMES;
    let mut total = 0_u64;
    if rest.is_empty() {
        return Err("an empty duration: write a number and a unit, as in `\"1h30m\"`".to_owned());
    }
    while !rest.is_empty() {
        let (number, unit, after) = part(rest, "s")?;
        if unit.is_empty() {
            return Err(format!("`{text}` has no unit: write `\"{number}s\"` or another of {}", list(TIMES)));
        }
        let scale = scale(TIMES, unit)?;
        let place = units.iter().position(|(name, _)| *name == unit);
        let place = place.ok_or_else(|| format!("`{unit}` comes too late: units go from large to small, each once"))?;
        units = &units[place + 1..];
        let part = number.checked_mul(scale);
        total = part.and_then(|part| total.checked_add(part)).ok_or_else(|| format!("`{text}` is over 500 years"))?;
        rest = after.trim_start();
    }
    Ok(Duration::from_nanos(total))
}

/// A number of calls in a time: `"10/s"`, `"1/500ms"`, `"100/1h30m"`.
pub(crate) fn rate(text: &str) -> Result<(u32, Duration), String> {
    let form =
        || format!("`{text}` is not a rate: write a number of calls and a time, as in `\"10/s\"` or `\"1/500ms\"`");
    let (calls, time) = text.split_once('/').ok_or_else(form)?;
    let calls: u32 = calls.trim().parse().map_err(|_| form())?;
    let time = time.trim();
    let one = if time.starts_with(|letter: char| letter.is_ascii_digit()) { "" } else { "1" };
    let time = duration(&format!("{one}{time}"))?;
    match (calls, time) {
        (0, _) => Err("at this rate the body never runs: write at least one call".to_owned()),
        (_, Duration::ZERO) => Err("this limits nothing: write a longer time".to_owned()),
        _ => Ok((calls, time)),
    }
}

/// A whole number of bytes, with a unit or without: `"64MiB"`, `"10kB"`, `"512"`.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let (number, unit, rest) = part(text.trim(), "MiB")?;
    if !rest.is_empty() {
        return Err(format!("`{text}` is more than one number and its unit: write it as in `\"64MiB\"`"));
    }
    let scale = if unit.is_empty() { 1 } else { scale(SIZES, unit)? };
    number.checked_mul(scale).ok_or_else(|| format!("`{text}` is more than a computer can hold"))
}

/// Splits off a number and the unit after it.
fn part<'t>(text: &'t str, unit: &str) -> Result<(u64, &'t str, &'t str), String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, rest) = text.split_at(digits);
    if rest.starts_with('.') {
        return Err(format!("`{text}` has a fraction: write whole numbers, as in `\"1h30m\"` or `\"1536KiB\"`"));
    }
    let number = number.parse().map_err(|_| match digits {
        0 => format!("`{text}` does not begin with a number: write it as in `\"10{unit}\"`"),
        _ => format!("`{number}` is too large"),
    })?;
    let rest = rest.trim_start();
    let letters = rest.find(|c: char| c.is_ascii_digit() || c.is_whitespace()).unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(letters);
    Ok((number, unit, rest))
}

/// What a unit stands for.
fn scale(units: &[(&str, u64)], unit: &str) -> Result<u64, String> {
    if let Some((_, scale)) = units.iter().find(|(name, _)| *name == unit) {
        return Ok(*scale);
    }
    match units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)) {
        Some((name, _)) => Err(format!("`{unit}` is not a unit: write `{name}`")),
        None => Err(format!("`{unit}` is not a unit: write one of {}", list(units))),
    }
}

fn list(units: &[(&str, u64)]) -> String {
    let names: Vec<_> = units.iter().map(|(name, _)| format!("`{name}`")).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let minute = Duration::from_secs(60);
        for (text, expected) in [
            ("90s", Duration::from_secs(90)),
            ("500ms", Duration::from_millis(500)),
            ("3us", Duration::from_micros(3)),
            ("7ns", Duration::from_nanos(7)),
            ("1h30m", 90 * minute),
            ("1h 30m", 90 * minute),
            (" 1 h 30 m ", 90 * minute),
            ("1d", 24 * 60 * minute),
            ("2w", 14 * 24 * 60 * minute),
            ("1s500ms", Duration::from_millis(1500)),
            ("0s", Duration::ZERO),
        ] {
            assert_eq!(duration(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn durations_that_are_none() {
        for (text, expected) in [
            ("", "an empty duration: write a number and a unit, as in `\"1h30m\"`"),
            ("60", "`60` has no unit: write `\"60s\"` or another of `w`, `d`, `h`, `m`, `s`, `ms`, `us`, `ns`"),
            ("1h30", "`1h30` has no unit: write `\"30s\"` or another of `w`, `d`, `h`, `m`, `s`, `ms`, `us`, `ns`"),
            ("h", "`h` does not begin with a number: write it as in `\"10s\"`"),
            ("-1s", "`-1s` does not begin with a number: write it as in `\"10s\"`"),
            ("1.5h", "`1.5h` has a fraction: write whole numbers, as in `\"1h30m\"` or `\"1536KiB\"`"),
            ("10min", "`min` is not a unit: write one of `w`, `d`, `h`, `m`, `s`, `ms`, `us`, `ns`"),
            ("1H", "`H` is not a unit: write `h`"),
            ("30m1h", "`h` comes too late: units go from large to small, each once"),
            ("1h1h", "`h` comes too late: units go from large to small, each once"),
            ("2000y", "`y` is not a unit: write one of `w`, `d`, `h`, `m`, `s`, `ms`, `us`, `ns`"),
            ("99999w", "`99999w` is over 500 years"),
            ("99999999999999999999s", "`99999999999999999999` is too large"),
        ] {
            assert_eq!(duration(text), Err(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn rates() {
        for (text, expected) in [
            ("10/s", (10, Duration::from_secs(1))),
            ("1/500ms", (1, Duration::from_millis(500))),
            (" 100 / 1h30m ", (100, Duration::from_secs(5400))),
            ("3/m", (3, Duration::from_secs(60))),
        ] {
            assert_eq!(rate(text), Ok(expected), "{text}");
        }
        for (text, expected) in [
            ("", "`` is not a rate: write a number of calls and a time, as in `\"10/s\"` or `\"1/500ms\"`"),
            ("10", "`10` is not a rate: write a number of calls and a time, as in `\"10/s\"` or `\"1/500ms\"`"),
            ("ten/s", "`ten/s` is not a rate: write a number of calls and a time, as in `\"10/s\"` or `\"1/500ms\"`"),
            ("0/s", "at this rate the body never runs: write at least one call"),
            ("1/0s", "this limits nothing: write a longer time"),
            ("1/day", "`day` is not a unit: write one of `w`, `d`, `h`, `m`, `s`, `ms`, `us`, `ns`"),
            ("1/", "`1` has no unit: write `\"1s\"` or another of `w`, `d`, `h`, `m`, `s`, `ms`, `us`, `ns`"),
        ] {
            assert_eq!(rate(text), Err(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn sizes() {
        for (text, expected) in [
            ("512", 512),
            ("512B", 512),
            ("10kB", 10_000),
            ("3MB", 3_000_000),
            ("2GB", 2_000_000_000),
            ("1KiB", 1024),
            ("64MiB", 64 << 20),
            ("64 MiB", 64 << 20),
            ("1GiB", 1 << 30),
        ] {
            assert_eq!(size(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn sizes_that_are_none() {
        for (text, expected) in [
            ("", "`` does not begin with a number: write it as in `\"10MiB\"`"),
            ("64mib", "`mib` is not a unit: write `MiB`"),
            ("10KB", "`KB` is not a unit: write `kB`"),
            ("1TB", "`TB` is not a unit: write one of `B`, `kB`, `MB`, `GB`, `KiB`, `MiB`, `GiB`"),
            ("1.5MiB", "`1.5MiB` has a fraction: write whole numbers, as in `\"1h30m\"` or `\"1536KiB\"`"),
            ("1MiB 2KiB", "`1MiB 2KiB` is more than one number and its unit: write it as in `\"64MiB\"`"),
            ("99999999999GiB", "`99999999999GiB` is more than a computer can hold"),
        ] {
            assert_eq!(size(text), Err(expected.to_owned()), "{text}");
        }
    }
}
