//! Instants as people write them: RFC 3339 in UTC, `2026-01-31T09:30:00.000Z`.

/// 0000-01-01T00:00:00.000Z, in Unix milliseconds.
pub(crate) const EARLIEST: i64 = -62_167_219_200_000;

/// 9999-12-31T23:59:59.999Z, in Unix milliseconds.
pub(crate) const LATEST: i64 = 253_402_300_799_999;

const MS_PER_DAY: i64 = 86_400_000;

/// Reads an instant with up to three fraction digits and the zone `Z`; other zones, lower case and
/// leap seconds are refused. Gives Unix milliseconds.
///
/// ```
/// use wpc_model::{instant_text, parse_instant};
/// assert_eq!(parse_instant("1970-01-01T00:00:01.5Z"), Some(1_500));
/// assert_eq!(instant_text(1_500), "1970-01-01T00:00:01.500Z");
/// ```
#[must_use]
pub fn parse_instant(text: &str) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let (clock, zone) = rest.strip_prefix('T')?.split_at_checked(8)?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    let milliseconds = fraction(zone.strip_suffix('Z')?)?;
    if !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = hour.checked_mul(3_600)?.checked_add(minute.checked_mul(60)?)?.checked_add(second)?;
    let in_day = seconds.checked_mul(1_000)?.checked_add(milliseconds)?;
    days_from(year, month, day).checked_mul(MS_PER_DAY)?.checked_add(in_day)
}

/// Writes an instant of the years 0 to 9999, in Unix milliseconds, always with three fraction digits.
#[must_use]
pub fn instant_text(at: i64) -> String {
    let (days, in_day) = (at.div_euclid(MS_PER_DAY), at.rem_euclid(MS_PER_DAY));
    let (year, month, day) = date_of(days);
    let (hour, minute) = (in_day / 3_600_000, in_day / 60_000 % 60);
    let (second, ms) = (in_day / 1_000 % 60, in_day % 1_000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

/// Three numbers of exactly these widths.
fn numbers(text: &str, between: char, widths: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(between);
    let mut out = [0; 3];
    for (number, width) in out.iter_mut().zip(widths) {
        *number = digits(parts.next().filter(|part| part.len() == width)?)?;
    }
    parts.next().is_none().then_some(out)
}

fn digits(text: &str) -> Option<i64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// Milliseconds of ``, `.5`, `.25`, `.125`.
fn fraction(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let given = text.strip_prefix('.')?;
    let unit = match given.len() {
        1 => 100,
        2 => 10,
        3 => 1,
        _ => return None,
    };
    digits(given)?.checked_mul(unit)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 (Howard Hinnant, "chrono-compatible low-level date algorithms").
#[expect(
    clippy::arithmetic_side_effects,
    reason = "years are within 0..=9999, so nothing comes near overflow"
)]
fn days_from(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of a day since 1970-01-01; the inverse of [`days_from`].
#[expect(
    clippy::arithmetic_side_effects,
    reason = "years are within 0..=9999, so nothing comes near overflow"
)]
fn date_of(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}
