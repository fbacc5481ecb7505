//! `--not-after 90d`, `--not-before 2026-12-01T00:00:00Z`.

use std::str::FromStr;

const UNITS: &[(&str, i64)] = &[("m", 60_000), ("min", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// A time, or how long from now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum When {
    At(i64),
    In(i64),
}

impl When {
    /// Unix milliseconds, given when now is.
    pub(super) const fn from(self, now_ms: i64) -> i64 {
        match self {
            Self::At(ms) => ms,
            Self::In(ms) => now_ms.saturating_add(ms),
        }
    }
}

impl FromStr for When {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected a time such as 2026-12-01T00:00:00Z, or 90d, 12h or 30m from now";
        if text.contains('T') {
            return wpc_model::parse_instant(text).map(Self::At).ok_or(EXPECTED);
        }
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits).ok_or(EXPECTED)?;
        let number: i64 = number.parse().map_err(|_| EXPECTED)?;
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit).ok_or(EXPECTED)?;
        number.checked_mul(*factor).map(Self::In).ok_or(EXPECTED)
    }
}

#[cfg(test)]
mod tests {
    use super::When;

    #[test]
    fn a_time_is_a_time_or_so_long_from_now() {
        let read = |text: &str| text.parse::<When>().ok().map(|when| when.from(1_000));
        for (text, ms) in [
            ("0m", 1_000),
            ("30m", 1_801_000),
            ("2h", 7_201_000),
            ("1d", 86_401_000),
            ("1970-01-01T00:00:05Z", 5_000),
            ("1970-01-01T00:00:05.250Z", 5_250),
        ] {
            assert_eq!(read(text), Some(ms), "{text}");
        }
        for text in ["", "d", "5", "-1d", "1y", "1.5h", "9223372036854775807d", "2026-12-01", "Tomorrow", "é"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
