//! Times in entries: RFC 3339, UTC, milliseconds, `2026-01-02T03:04:05.678Z`.

use wpc_model::{instant_text, parse_instant};

/// The last millisecond of the year 9999; later ones have no RFC 3339 text.
pub const MAX_TIME_MS: i64 = 253_402_300_799_999;

/// The text of `ms` Unix milliseconds; `None` outside the years 1970 to 9999.
pub fn to_text(ms: i64) -> Option<String> {
    (0..=MAX_TIME_MS).contains(&ms).then(|| instant_text(ms))
}

/// Reads exactly what [`to_text`] writes.
pub fn from_text(text: &str) -> Option<i64> {
    let ms = parse_instant(text)?;
    (to_text(ms)? == text).then_some(ms)
}

#[cfg(test)]
mod tests {
    use super::{MAX_TIME_MS, from_text, to_text};

    #[test]
    fn times_have_one_spelling() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_767_323_045_678, "2026-01-02T03:04:05.678Z"),
            (MAX_TIME_MS, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(to_text(ms).as_deref(), Some(text));
            assert_eq!(from_text(text), Some(ms));
        }
        for other in
            ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.6780Z", "2026-01-02T03:04:05.678+00:00", "", "x"]
        {
            assert_eq!(from_text(other), None, "{other}");
        }
        assert_eq!((to_text(-1), to_text(MAX_TIME_MS + 1)), (None, None));
    }
}
