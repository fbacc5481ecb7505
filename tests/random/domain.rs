//! The few values that policies and calls are drawn from, so that they often meet, and meet at the
//! edges.

use wpc_model::Type;

use super::dice::Random;

/// Names that differ, and that differ in letter case only.
pub(crate) const NAMES: [&str; 3] = ["a", "A", "b"];
/// Hosts have one spelling.
pub(crate) const HOSTS: [&str; 3] = ["a", "b", "a.b"];
pub(crate) const KEYS: [&str; 3] = ["k", "K", "j"];
pub(crate) const TEXTS: [&str; 7] = ["", "a", "A", "b", "ab", "*", "é\n"];
pub(crate) const DIDS: [&str; 3] = ["did:web:a", "did:web:A", "did:web:b"];
const PATTERNS: [&str; 8] = ["a*", "?", "*", "*b", "A?", r"\\*", "a", "??"];
/// Constants of a policy lie within this; calls go one further.
pub(crate) const BOUND: i64 = 3;

/// A constant of `ty` as a policy writes it; `None` if nothing is compared with its values.
pub(crate) fn constant(random: &mut Random, ty: &Type) -> Option<String> {
    let number = random.between(-BOUND, BOUND);
    let natural = number.unsigned_abs();
    let sign = if number < 0 { "-" } else { "" };
    Some(match ty {
        Type::Bool => (if number > 0 { "true" } else { "false" }).to_owned(),
        Type::Int => number.to_string(),
        Type::Count => natural.to_string(),
        Type::Bytes => format!("{natural} B"),
        Type::Duration => format!("{natural} ms"),
        Type::Decimal { scale } if *scale == 2 => format!("{sign}0.0{natural}"),
        Type::Money { currency } => format!("{sign}0.0{natural} {currency}"),
        Type::Text => quoted(random.word(&TEXTS)),
        Type::EntityName { .. } => quoted(random.word(&NAMES)),
        // Letter case means nothing in hosts.
        Type::Host => quoted(if number == 3 { "A" } else { random.word(&HOSTS) }),
        Type::Did => quoted(random.word(&DIDS)),
        Type::Choice(words) => random.pick(words)?.clone(),
        _ => return None,
    })
}

/// Different constants of `ty`, in brackets.
pub(crate) fn constants(random: &mut Random, ty: &Type) -> Option<String> {
    let mut all = Vec::new();
    for _ in 0..=random.below(3) {
        let one = constant(random, ty)?;
        if !all.contains(&one) {
            all.push(one);
        }
    }
    Some(format!("[{}]", all.join(", ")))
}

/// A pattern, quoted.
pub(crate) fn pattern(random: &mut Random) -> String {
    format!("\"{}\"", random.word(&PATTERNS))
}

/// Keys of a map, one of them or several in brackets.
pub(crate) fn keys(random: &mut Random) -> String {
    let keys: Vec<String> = random.some(&KEYS, 3).into_iter().map(quoted).collect();
    match keys.as_slice() {
        [one] if random.chance(50) => one.clone(),
        keys => format!("[{}]", keys.join(", ")),
    }
}

/// `text` as a policy writes it.
pub(crate) fn quoted(text: &str) -> String {
    format!("{text:?}")
}
