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
pub(crate) const EMAILS: [&str; 4] = ["a@a", "A@a", "b@a.b", "a@xa"];
pub(crate) const URLS: [&str; 6] =
    ["http://a/", "https://a/a", "https://a.b/a/b/", "amqp://a/%2F", "https://1/ab", "http://[::1]:443/b"];
pub(crate) const IPS: [&str; 5] = ["::1", "10.0.0.1", "10.0.0.2", "::ffff:10.0.0.1", "2001:db8::1"];
pub(crate) const PATHS: [&str; 5] = ["/", "/a", "/a/b", "/ab", "/A"];
const BLOCKS: [&str; 5] = ["10.0.0.0/31", "10.0.0.1/32", "0.0.0.0/0", "::/0", "::1/128"];
const REGEXES: [&str; 7] = ["a", ".*", "[ab]+", "(a+)+", "", "a|A", "/.*|a\\.b"];
const PATTERNS: [&str; 8] = ["a*", "?", "*", "*b", "A?", r"\\*", "a", "??"];
/// JSON Schemas: the files that policies name, and their texts.
pub(crate) const SCHEMAS: [(&str, &str); 2] =
    [("form.json", include_str!("corpus/form.json")), ("short.json", r#"{"maxLength":1,"maxProperties":1}"#)];
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
        Type::Email => quoted(random.word(&EMAILS)),
        // What JSON says is folded, and so are constants.
        Type::Url => quoted(if number == 3 { "HTTP://A:80" } else { random.word(&URLS) }),
        Type::Ip => quoted(random.word(&IPS)),
        Type::Path => quoted(random.word(&PATHS)),
        Type::Time => quoted(&format!("1970-01-01T00:00:00.00{natural}Z")),
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

/// A pattern of `matches`, quoted.
pub(crate) fn regex(random: &mut Random) -> String {
    format!("r\"{}\"", random.word(&REGEXES))
}

/// Different texts of `from`, one of them or several in brackets.
pub(crate) fn one_or_more(random: &mut Random, from: &[&'static str]) -> String {
    let all: Vec<String> = random.some(from, 2).into_iter().map(quoted).collect();
    match all.as_slice() {
        [one] if random.chance(50) => one.clone(),
        all => format!("[{}]", all.join(", ")),
    }
}

/// Blocks of addresses.
pub(crate) fn blocks(random: &mut Random) -> String {
    one_or_more(random, &BLOCKS)
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
