//! Units and the integers that quantities stand for.

use wpc_grammar::syntax::Quantity;
use wpc_model::{MAX_INTEGER, Type, minor_digits};

use crate::fault::Fault;
use crate::nearest::Nearest;
use crate::words::{describe, one_of};
use crate::{Code, currency};

/// Units of sizes and how many bytes each is.
const BYTES: &[(&str, i64)] = &[
    ("B", 1),
    ("kB", 1_000),
    ("KiB", 1 << 10),
    ("MB", 1_000_000),
    ("MiB", 1 << 20),
    ("GB", 1_000_000_000),
    ("GiB", 1 << 30),
];

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// Units of durations and how many milliseconds each is.
const DURATIONS: &[(&str, i64)] = &[
    ("ms", 1),
    ("s", SECOND),
    ("min", MINUTE),
    ("h", HOUR),
    ("day", DAY),
    ("days", DAY),
    ("week", 7 * DAY),
    ("weeks", 7 * DAY),
];

/// What may follow `per` beside a quantity, in milliseconds.
pub(crate) const WINDOWS: &[(&str, i64)] =
    &[("second", SECOND), ("minute", MINUTE), ("hour", HOUR), ("day", DAY), ("week", 7 * DAY)];

/// The integer of `quantity` as a value of `ty`, which must be an integer type: bytes,
/// milliseconds, a scaled decimal, minor units of money, a plain number.
pub(crate) fn integer(quantity: &Quantity, ty: &Type) -> Result<i64, Fault> {
    let written = written(quantity);
    if let Type::Money { currency } = ty {
        let digits = u32::from(minor_digits(currency));
        return match &quantity.unit {
            Some(unit) if unit.text == *currency => scaled(quantity, digits, &written, ty),
            Some(unit) => Err(wrong_unit(&written, &unit.text, ty, &[currency.as_str()])),
            None => Err(no_unit(&written, ty, &[currency.as_str()])),
        };
    }
    let factor = if *ty == Type::Bytes {
        factor(quantity, BYTES, &written, ty)?
    } else if *ty == Type::Duration {
        factor(quantity, DURATIONS, &written, ty)?
    } else if let Some(unit) = &quantity.unit {
        return Err(Fault::new(
            Code::WrongUnit,
            format!("found `{written}`, expected `{}` without a unit", describe(ty)),
            format!("`{}` does not belong here", unit.text),
        )
        .help("write the number alone"));
    } else {
        1
    };
    if let Type::Decimal { scale } = ty {
        return scaled(quantity, u32::from(*scale), &written, ty);
    }
    if quantity.fraction.is_some() {
        let whole = Fault::new(
            Code::OutOfRange,
            format!("found `{written}`, expected a whole number"),
            "has a fraction",
        );
        return Err(whole.help("use a smaller unit, or round the number"));
    }
    let magnitude = quantity.whole.parse::<i64>().ok().and_then(|whole| whole.checked_mul(factor));
    in_range(magnitude, quantity.negative, &written, ty)
}

fn factor(quantity: &Quantity, units: &[(&str, i64)], written: &str, ty: &Type) -> Result<i64, Fault> {
    let names: Vec<&str> = units.iter().map(|(name, _)| *name).collect();
    let Some(unit) = &quantity.unit else { return Err(no_unit(written, ty, &names)) };
    match units.iter().find(|(name, _)| *name == unit.text) {
        Some((_, factor)) => Ok(*factor),
        None => Err(wrong_unit(written, &unit.text, ty, &names)),
    }
}

/// `quantity` times ten to the power of `digits`, if it has no more fraction digits than that.
fn scaled(quantity: &Quantity, digits: u32, written: &str, ty: &Type) -> Result<i64, Fault> {
    let fraction = quantity.fraction.as_deref().unwrap_or("");
    let given = u32::try_from(fraction.len()).unwrap_or(u32::MAX);
    let Some(missing) = digits.checked_sub(given) else {
        return Err(Fault::new(
            Code::OutOfRange,
            format!("found `{written}`, expected `{}` with at most {digits} fraction digits", describe(ty)),
            "too precise",
        )
        .help(format!("round it to {digits} fraction digits")));
    };
    let all: String = quantity.whole.chars().chain(fraction.chars()).collect();
    let factor = 10_i64.checked_pow(missing);
    let magnitude = all.parse::<i64>().ok().zip(factor).and_then(|(all, factor)| all.checked_mul(factor));
    in_range(magnitude, quantity.negative, written, ty)
}

fn in_range(magnitude: Option<i64>, negative: bool, written: &str, ty: &Type) -> Result<i64, Fault> {
    let Some(magnitude) = magnitude.filter(|magnitude| *magnitude <= MAX_INTEGER) else {
        return Err(Fault::new(
            Code::OutOfRange,
            format!("found `{written}`, beyond the greatest number that every reader holds exactly"),
            "too great",
        )
        .help(format!("stay within {MAX_INTEGER} of the smallest unit")));
    };
    let signed = matches!(ty, Type::Int | Type::Decimal { .. } | Type::Money { .. });
    if negative && !signed && magnitude != 0 {
        let fault = Fault::new(
            Code::OutOfRange,
            format!("found `{written}`, expected `{}`, which is never negative", describe(ty)),
            "negative",
        );
        return Err(fault.help("remove the minus sign"));
    }
    Ok(if negative { -magnitude } else { magnitude })
}

fn no_unit(written: &str, ty: &Type, units: &[&str]) -> Fault {
    let first =
        units.iter().find(|unit| matches!(**unit, "KiB" | "min")).or(units.first()).copied().unwrap_or("");
    Fault::new(
        Code::WrongUnit,
        format!("found `{written}` without a unit, expected `{}`", describe(ty)),
        "a bare number",
    )
    .help(format!("add {}, such as `{written} {first}`", one_of(units.iter().copied())))
}

fn wrong_unit(written: &str, unit: &str, ty: &Type, units: &[&str]) -> Fault {
    if is_unit(unit) {
        return Fault::new(
            Code::WrongUnit,
            format!("found `{written}`, expected `{}`", describe(ty)),
            format!("`{unit}` is not a unit of `{}`", describe(ty)),
        )
        .help(format!("use {}", one_of(units.iter().copied())));
    }
    let fault = Fault::new(
        Code::UnknownUnit,
        format!("found unknown unit `{unit}`, expected a unit of `{}`", describe(ty)),
        "no such unit",
    );
    if let Some(both) = ambiguous(unit) {
        return fault.help(both);
    }
    match Nearest::default().of(unit, units.iter().copied()) {
        Some(near) => fault.help(format!("did you mean `{near}`?")),
        None => fault.help(format!("use {}", one_of(units.iter().copied()))),
    }
}

/// The two readings of a unit that people use for both.
fn ambiguous(unit: &str) -> Option<&'static str> {
    match unit {
        "KB" | "K" | "k" => Some("write `kB` for 1000 bytes or `KiB` for 1024 bytes"),
        "Kb" | "kb" => Some("write `kB` for 1000 bytes or `KiB` for 1024 bytes; bits are not a unit here"),
        "M" | "mb" | "Mb" => Some("write `MB` for 1000000 bytes or `MiB` for 1048576 bytes"),
        "G" | "gb" | "Gb" => Some("write `GB` for 1000000000 bytes or `GiB` for 1073741824 bytes"),
        "m" => Some("write `min` for minutes"),
        _ => None,
    }
}

fn is_unit(unit: &str) -> bool {
    BYTES.iter().chain(DURATIONS).any(|(name, _)| *name == unit) || currency::exists(unit)
}

/// A quantity as it was written, in one spelling.
pub(crate) fn written(quantity: &Quantity) -> String {
    let mut text = String::new();
    if quantity.negative {
        text.push('-');
    }
    text.push_str(&quantity.whole);
    if let Some(fraction) = &quantity.fraction {
        text.push('.');
        text.push_str(fraction);
    }
    if let Some(unit) = &quantity.unit {
        text.push(' ');
        text.push_str(&unit.text);
    }
    text
}

/// What a quantity is, judged by its unit alone.
pub(crate) fn describe_quantity(quantity: &Quantity) -> &'static str {
    match &quantity.unit {
        None if quantity.fraction.is_some() => "a decimal number",
        None => "a number",
        Some(unit) if BYTES.iter().any(|(name, _)| *name == unit.text) => "a size in bytes",
        Some(unit) if DURATIONS.iter().any(|(name, _)| *name == unit.text) => "a duration",
        Some(unit) if currency::exists(&unit.text) => "an amount of money",
        Some(_) => "a number",
    }
}
