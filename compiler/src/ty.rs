//! Types as written, read.

use std::collections::BTreeSet;

use wpc_grammar::Span;
use wpc_grammar::syntax::{Ident, Key, Quantity, Ty, TyArgument, TyKind};
use wpc_model::{MAX_PARTS, MAX_TYPE_DEPTH, Type};

use crate::words::{describe, one_of};
use crate::{Code, Diagnostic, Problems, bounds, currency, shape};

/// Types that take nothing between `<` and `>`.
const PLAIN: &[(&str, Type)] = &[
    ("bool", Type::Bool),
    ("int", Type::Int),
    ("count", Type::Count),
    ("bytes", Type::Bytes),
    ("duration", Type::Duration),
    ("text", Type::Text),
    ("host", Type::Host),
    ("did", Type::Did),
    ("email", Type::Email),
    ("url", Type::Url),
    ("ip", Type::Ip),
    ("path", Type::Path),
    ("time", Type::Time),
    ("json", Type::Json),
];
/// Types that take one thing between `<` and `>`, and what.
const FILLED: &[(&str, &str)] = &[
    ("decimal", "a number of fraction digits"),
    ("money", "a currency"),
    ("entity_name", "a greatest length"),
    ("list", "a type"),
    ("set", "a type"),
    ("map", "a type"),
    ("batch", "a record"),
];

/// Most fraction digits of a decimal.
const MAX_SCALE: i64 = 9;
/// Longest name that an `entity_name` may admit, in characters.
const MAX_NAME: i64 = 1024;

/// Whether a name stands for a type of the language.
pub(crate) fn is_builtin(name: &str) -> bool {
    PLAIN.iter().any(|(plain, _)| *plain == name)
        || FILLED.iter().any(|(filled, _)| *filled == name)
        || name == "choice"
}

/// Reads a type, `?` aside; reports what is wrong with it. `records` are the names of records
/// that may stand for types.
pub(crate) fn read(ty: &Ty, records: &BTreeSet<&str>, problems: &mut Problems) -> Option<Type> {
    match &ty.kind {
        TyKind::Choice(words) => choice(words, ty.loc.0, problems),
        TyKind::Named { name, arguments } => named(name, arguments, records, problems),
    }
}

fn named(
    name: &Ident,
    arguments: &[TyArgument],
    records: &BTreeSet<&str>,
    problems: &mut Problems,
) -> Option<Type> {
    let plain = PLAIN.iter().find(|(plain, _)| *plain == name.text).map(|(_, ty)| ty.clone());
    let plain =
        plain.or_else(|| records.contains(name.text.as_str()).then(|| Type::Record(name.text.clone())));
    if let Some(ty) = plain {
        if arguments.is_empty() {
            return Some(ty);
        }
        problems.report(Diagnostic::error(
            Code::WrongCount,
            name.loc.0,
            format!("found `{}<…>`, expected nothing between `<` and `>`", name.text),
            "takes no arguments",
        ));
        return None;
    }
    let Some((_, wanted)) = FILLED.iter().find(|(filled, _)| *filled == name.text) else {
        let known = PLAIN.iter().map(|(plain, _)| *plain).chain(FILLED.iter().map(|(filled, _)| *filled));
        let near = problems.nearest(&name.text, known.chain(records.iter().copied()));
        let unknown = Diagnostic::error(
            Code::UnknownType,
            name.loc.0,
            format!("found unknown type `{}`", name.text),
            "no such type or record",
        );
        problems.report(
            unknown.help(near.unwrap_or_else(|| "name a type, or a `record` of this tool".to_owned())),
        );
        return None;
    };
    let [argument] = arguments else {
        problems.report(
            Diagnostic::error(
                Code::WrongCount,
                name.loc.0,
                format!("found {} between `<` and `>`, expected {wanted}", counted(arguments.len())),
                format!("`{}` takes {wanted}", name.text),
            )
            .help(format!("write `{}`", example(&name.text))),
        );
        return None;
    };
    filled(name, argument, wanted, records, problems)
}

fn filled(
    name: &Ident,
    argument: &TyArgument,
    wanted: &str,
    records: &BTreeSet<&str>,
    problems: &mut Problems,
) -> Option<Type> {
    match (name.text.as_str(), argument) {
        ("decimal", TyArgument::Number(number)) => {
            let scale = within(number, 0, MAX_SCALE, problems)?;
            Some(Type::Decimal { scale: u8::try_from(scale).ok()? })
        }
        ("entity_name", TyArgument::Number(number)) => {
            let max = within(number, 1, MAX_NAME, problems)?;
            Some(Type::EntityName { max: u32::try_from(max).ok()? })
        }
        (
            "money",
            TyArgument::Ty(Ty { kind: TyKind::Named { name: code, arguments }, optional: false, .. }),
        ) if arguments.is_empty() => {
            if currency::exists(&code.text) {
                return Some(Type::Money { currency: code.text.clone() });
            }
            let near = problems.nearest(&code.text, currency::codes());
            problems.report(
                Diagnostic::error(
                    Code::UnknownUnit,
                    code.loc.0,
                    format!("found unknown currency `{}`", code.text),
                    "not a code of ISO 4217",
                )
                .help(near.unwrap_or_else(|| "write a code such as `EUR` or `USD`".to_owned())),
            );
            None
        }
        ("list" | "set" | "map", TyArgument::Ty(member)) => {
            let ty = member_type(member, records, problems)?;
            Some(match name.text.as_str() {
                "list" => Type::List(Box::new(ty)),
                "set" => Type::Set(Box::new(ty)),
                _ => Type::Map(Box::new(ty)),
            })
        }
        ("batch", TyArgument::Ty(record)) => {
            let ty = read(record, records, problems)?;
            if let Type::Record(record) = ty {
                return Some(Type::Batch(record));
            }
            unfit(record.loc.0, &format!("found `batch<{}>`, expected a record", describe(&ty)), problems);
            None
        }
        (_, argument) => {
            let span = match argument {
                TyArgument::Ty(ty) => ty.loc.0,
                TyArgument::Number(number) => number.loc.0,
            };
            problems.report(
                Diagnostic::error(
                    Code::WrongType,
                    span,
                    format!("found something else between `<` and `>`, expected {wanted}"),
                    format!("not {wanted}"),
                )
                .help(format!("write `{}`", example(&name.text))),
            );
            None
        }
    }
}

/// The type of the members of a list, set or map.
fn member_type(member: &Ty, records: &BTreeSet<&str>, problems: &mut Problems) -> Option<Type> {
    let ty = read(member, records, problems)?;
    if depth(&ty) >= MAX_TYPE_DEPTH {
        let message = format!("found types more than {MAX_TYPE_DEPTH} deep");
        problems.report(
            Diagnostic::error(Code::TooDeep, member.loc.0, message, "too deep")
                .help("name a part of it with `record`"),
        );
        return None;
    }
    if member.optional {
        unfit(member.loc.0, "found an optional member, expected one that is always there", problems);
        return None;
    }
    if matches!(ty, Type::Batch(_)) {
        unfit(
            member.loc.0,
            "found a batch inside another type, expected it alone as an argument's type",
            problems,
        );
        return None;
    }
    Some(ty)
}

/// How many types are inside one another.
fn depth(ty: &Type) -> u32 {
    let mut depth = 1;
    let mut ty = ty;
    while let Some(inside) = shape::inside(ty) {
        depth += 1;
        ty = inside;
    }
    depth
}

fn unfit(span: Span, message: &str, problems: &mut Problems) {
    problems.report(Diagnostic::error(Code::UnfitArgument, span, message, "cannot stand here"));
}

fn within(number: &Quantity, least: i64, most: i64, problems: &mut Problems) -> Option<i64> {
    let plain = !number.negative && number.fraction.is_none() && number.unit.is_none();
    let value = number.whole.parse().ok().filter(|value| plain && (least..=most).contains(value));
    if value.is_none() {
        problems.report(Diagnostic::error(
            Code::OutOfRange,
            number.loc.0,
            format!(
                "found `{}`, expected a whole number from {least} to {most}",
                crate::unit::written(number)
            ),
            "out of range",
        ));
    }
    value
}

fn choice(words: &[Key], span: Span, problems: &mut Problems) -> Option<Type> {
    let mut seen = std::collections::BTreeMap::new();
    for word in words {
        let (text, at) = match word {
            Key::Word(ident) => (&ident.text, ident.loc.0),
            Key::Text(text) => (&text.value, text.loc.0),
        };
        if let Some(first) = seen.insert(text.clone(), at) {
            problems.report(
                Diagnostic::error(Code::RepeatedName, at, format!("found choice `{text}` twice"), "repeated")
                    .also(first, "first written here"),
            );
        }
    }
    if !bounds::few(words.len(), MAX_PARTS, "choices", span, problems) {
        return None;
    }
    if let Some(at) = seen.get("") {
        problems.report(
            Diagnostic::error(Code::InvalidName, *at, "found an empty choice", "says nothing")
                .help("name it"),
        );
        return None;
    }
    if seen.is_empty() {
        problems.report(
            Diagnostic::error(Code::EmptyList, span, "found a choice of nothing", "names no word")
                .help("name the words that may be chosen"),
        );
        return None;
    }
    Some(Type::Choice(seen.into_keys().collect()))
}

fn counted(things: usize) -> String {
    if things == 0 { "nothing".to_owned() } else { format!("{things} things") }
}

fn example(name: &str) -> &'static str {
    match name {
        "decimal" => "decimal<2>",
        "money" => "money<EUR>",
        "entity_name" => "entity_name<260>",
        "list" => "list<text>",
        "set" => "set<text>",
        "map" => "map<text>",
        _ => "batch<RECORD>",
    }
}

/// The type of a policy's parameter: a single value that conditions can compare, or a list or
/// set of them.
pub(crate) fn parameter(ty: &Ty, problems: &mut Problems) -> Option<Type> {
    let read = read(ty, &BTreeSet::new(), problems)?;
    if ty.optional {
        unfit(ty.loc.0, "found an optional parameter, expected one that always has a value", problems);
        return None;
    }
    let single = read.member().unwrap_or(&read);
    if !single.is_integer() && !single.is_text() && *single != Type::Bool {
        let fit = one_of(["bool", "count", "bytes", "duration", "text", "host", "did", "list<text>"]);
        problems.report(
            Diagnostic::error(
                Code::UnfitArgument,
                ty.loc.0,
                format!(
                    "found a parameter of type `{}`, expected single values or a list of them",
                    describe(&read)
                ),
                "cannot be a parameter",
            )
            .help(format!("use a type such as {fit}")),
        );
        return None;
    }
    Some(read)
}
