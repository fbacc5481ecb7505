//! Decimals and money as people write them: `25.00`, with exactly the type's fraction digits.

use crate::MAX_INTEGER;

/// Reads a decimal with exactly `scale` fraction digits as a scaled integer within
/// ±[`MAX_INTEGER`]: no sign but `-`, no superfluous zeros, no minus zero.
///
/// ```
/// use wpc_model::parse_decimal;
/// assert_eq!(parse_decimal("25.00", 2), Some(2_500));
/// assert_eq!(parse_decimal("25.0", 2), None);
/// ```
#[must_use]
pub fn parse_decimal(text: &str, scale: u8) -> Option<i64> {
    let digits: String = text.chars().filter(|&c| c != '.').collect();
    let value: i64 = digits.parse().ok()?;
    // One spelling: what does not read back the same was not it.
    ((-MAX_INTEGER..=MAX_INTEGER).contains(&value) && decimal_text(value, scale) == text).then_some(value)
}

/// Writes a scaled integer with `scale` fraction digits.
#[must_use]
pub fn decimal_text(value: i64, scale: u8) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let scale = usize::from(scale);
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale.saturating_add(1));
    let (whole, fraction) = digits.split_at_checked(digits.len().saturating_sub(scale)).unwrap_or_default();
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// Fraction digits of a currency's minor unit (ISO 4217 list one); two where it says nothing else.
///
/// ```
/// assert_eq!((wpc_model::minor_digits("USD"), wpc_model::minor_digits("JPY")), (2, 0));
/// ```
#[must_use]
pub fn minor_digits(currency: &str) -> u8 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI"
        | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}
