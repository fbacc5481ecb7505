//! `--lifetime 15m`.

use std::str::FromStr;

const UNITS: &[(&str, i64)] = &[("s", 1), ("min", 60), ("m", 60), ("h", 3_600)];

/// Whole seconds, at least 1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Lifetime {
    pub(crate) seconds: i64,
}

impl FromStr for Lifetime {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected a number and a unit: 900s, 15m or 1h";
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits).ok_or(EXPECTED)?;
        let number: i64 = number.parse().map_err(|_| EXPECTED)?;
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit.trim_start()).ok_or(EXPECTED)?;
        let seconds = number.checked_mul(*factor).filter(|&seconds| seconds > 0).ok_or(EXPECTED)?;
        Ok(Self { seconds })
    }
}

#[cfg(test)]
mod tests {
    use super::Lifetime;

    #[test]
    fn a_lifetime_is_a_number_and_a_unit() {
        let read = |text: &str| text.parse::<Lifetime>().ok().map(|lifetime| lifetime.seconds);
        for (text, seconds) in [("900s", 900), ("15m", 900), ("15min", 900), ("15 min", 900), ("1h", 3_600)] {
            assert_eq!(read(text), Some(seconds), "{text}");
        }
        for text in ["", "15", "m", "0s", "-1s", "1d", "1.5h", "9223372036854775807h", "15m ", "é"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
