//! Milliseconds since the Unix epoch as RFC 3339 in UTC, and back.
//!
//! The calendar is from Howard Hinnant, *`chrono`-Compatible Low-Level Date Algorithms*: its years begin in March, and
//! its eras have 400 years and 146,097 days. Here no day is before 1970.

/// From 0000-03-01, where the first era begins, to 1970-01-01.
const DAYS_TO_EPOCH: u64 = 719_468;
const DAYS_OF_ERA: u64 = 146_097;
const MS_OF_DAY: u64 = 86_400_000;

/// `2026-11-20T19:10:40.123Z`, or `None` after the year 9999.
pub(super) fn format(ms: u64) -> Option<String> {
    let (year, month, day) = civil_from_days(ms / MS_OF_DAY);
    let seconds = ms % MS_OF_DAY / 1000;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let text = || format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", ms % 1000);
    (year <= 9999).then(text)
}

/// What [`format()`] made `text` of, if it did.
pub(super) fn parse(text: &str) -> Option<u64> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
    let days = days_from_civil(number(0, 4)?, number(5, 7)?, number(8, 10)?)?;
    let seconds = number(11, 13)? * 3600 + number(14, 16)? * 60 + number(17, 19)?;
    let ms = days * MS_OF_DAY + seconds * 1000 + number(20, 23)?;
    (format(ms)? == text).then_some(ms)
}

fn civil_from_days(days_since_epoch: u64) -> (u64, u64, u64) {
    let days = days_since_epoch + DAYS_TO_EPOCH;
    let (era, day_of_era) = (days / DAYS_OF_ERA, days % DAYS_OF_ERA);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months_after_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * months_after_march + 2) / 5 + 1;
    let month = if months_after_march < 10 { months_after_march + 3 } else { months_after_march - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

/// `None` before 1970, and for numbers that are no month or day at all.
fn days_from_civil(civil_year: u64, month: u64, day: u64) -> Option<u64> {
    let year = civil_year.checked_sub(u64::from(month <= 2))?;
    let (era, year_of_era) = (year / 400, year % 400);
    let months_after_march = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * months_after_march + 2) / 5 + day.checked_sub(1)?;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * DAYS_OF_ERA + day_of_era).checked_sub(DAYS_TO_EPOCH)
}
