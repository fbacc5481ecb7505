//! Numbers with the largest unit that says them exactly.

use wpc_model::{Type, decimal_text, minor_digits};

const BYTES: &[(i64, &str)] = &[(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
const TIMES: &[(i64, &str)] =
    &[(86_400_000, "days"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"), (1, "ms")];

/// `number` as the language writes it for `ty`: `128 KiB`, `15 min`, `25.00 USD`.
pub fn quantity(number: i64, ty: Option<&Type>) -> String {
    match ty {
        Some(Type::Bytes) => largest(number, BYTES).unwrap_or_else(|| format!("{number} B")),
        Some(Type::Duration) => duration(number),
        Some(Type::Decimal { scale }) => decimal_text(number, *scale),
        Some(Type::Money { currency }) => {
            format!("{} {currency}", decimal_text(number, minor_digits(currency)))
        }
        _ => number.to_string(),
    }
}

/// Milliseconds, as `15 min`.
pub fn duration(ms: i64) -> String {
    match largest(ms, TIMES) {
        Some(text) if text == "1 days" => "1 day".to_owned(),
        Some(text) => text,
        None => format!("{ms} ms"),
    }
}

fn largest(number: i64, units: &[(i64, &str)]) -> Option<String> {
    let (size, unit) = units.iter().find(|(size, _)| number != 0 && number.checked_rem(*size) == Some(0))?;
    Some(format!("{} {unit}", number.checked_div(*size)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(number: i64, ty: Type, expect: &str) {
        assert_eq!(quantity(number, Some(&ty)), expect);
    }

    #[test]
    fn a_size_is_said_in_the_largest_unit_that_is_exact() {
        check(131_072, Type::Bytes, "128 KiB");
        check(131_073, Type::Bytes, "131073 B");
        check(0, Type::Bytes, "0 B");
        check(1 << 30, Type::Bytes, "1 GiB");
    }

    #[test]
    fn a_duration_is_said_in_the_largest_unit_that_is_exact() {
        check(900_000, Type::Duration, "15 min");
        check(86_400_000, Type::Duration, "1 day");
        check(15_552_000_000, Type::Duration, "180 days");
        check(1_001, Type::Duration, "1001 ms");
        check(0, Type::Duration, "0 ms");
    }

    #[test]
    fn a_decimal_keeps_its_digits() {
        check(5, Type::Decimal { scale: 2 }, "0.05");
        check(-1250, Type::Decimal { scale: 2 }, "-12.50");
        check(7, Type::Decimal { scale: 0 }, "7");
    }
}
