//! Conditions of every kind that this version has.

use wpc_model::{Action, Interface, Type};

use super::dice::Random;
use super::domain::{
    HOSTS, KEYS, PATHS, SCHEMAS, blocks, constant, constants, keys, one_or_more, pattern, quoted, regex,
};

/// What a condition may be about.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Subject {
    /// As a policy writes it, `each labels` or `extra["k"].size`.
    text: String,
    ty: Type,
    /// It is not asked where it came from.
    sealed: bool,
    /// Whether it is there may be asked.
    whole: bool,
}

/// What conditions on `action` may be about.
pub(crate) fn subjects(interface: &Interface, action: &Action) -> Vec<Subject> {
    let mut found = Vec::new();
    let of_batch = action.batch().and_then(|(_, record)| interface.records.get(record));
    let fields = of_batch.into_iter().flat_map(|record| &record.fields).chain(&action.arguments);
    for (name, field) in fields {
        walk(interface, Path { quantifier: "", text: name.clone() }, &field.ty, field.sealed, &mut found);
    }
    let days = ["friday", "monday", "saturday", "sunday", "thursday", "tuesday", "wednesday"];
    for (part, ty) in [("time", Type::Duration), ("weekday", Type::Choice(days.map(str::to_owned).to_vec()))]
    {
        found.push(Subject { text: format!("clock.{part}"), ty, sealed: false, whole: false });
    }
    found
}

/// What conditions on each of `actions` may be about.
pub(crate) fn shared(interface: &Interface, actions: &[&Action]) -> Vec<Subject> {
    let mut all = actions.iter().map(|action| subjects(interface, action));
    let first = all.next().unwrap_or_default();
    all.fold(first, |common, next| common.into_iter().filter(|one| next.contains(one)).collect())
}

/// A path and what stands before it.
#[derive(Clone)]
struct Path {
    quantifier: &'static str,
    text: String,
}

impl Path {
    fn with(&self, step: &str) -> Self {
        Self { text: format!("{}{step}", self.text), ..self.clone() }
    }

    fn subject(&self, ty: &Type, whole: bool) -> Subject {
        let text = format!("{}{}", self.quantifier, self.text);
        Subject { text, ty: ty.clone(), sealed: false, whole }
    }
}

fn walk(interface: &Interface, path: Path, ty: &Type, sealed: bool, found: &mut Vec<Subject>) {
    let sized =
        |ty: &Type| matches!(ty, Type::List(_) | Type::Set(_) | Type::Map(_) | Type::Text | Type::Batch(_));
    if !sealed && sized(ty) {
        found.push(path.with(".size").subject(&Type::Count, false));
    }
    match ty {
        _ if sealed => {}
        Type::Record(_) => fields(interface, &path, ty, found),
        Type::Map(value) => {
            for key in KEYS {
                walk(interface, path.with(&format!("[{key:?}]")), value, false, found);
            }
        }
        Type::List(member) | Type::Set(member) if path.quantifier.is_empty() => {
            for quantifier in ["each ", "some "] {
                let path = Path { quantifier, ..path.clone() };
                if let Type::Record(_) = **member {
                    fields(interface, &path, member, found);
                } else {
                    found.push(path.subject(member, false));
                    parts(&path, member, found);
                }
            }
        }
        _ => parts(&path, ty, found),
    }
    // Whether a batch is there is no question: every call has it, or is malformed.
    if !matches!(ty, Type::Batch(_)) {
        found.push(Subject { sealed, ..path.subject(ty, true) });
    }
}

fn fields(interface: &Interface, path: &Path, ty: &Type, found: &mut Vec<Subject>) {
    let Type::Record(name) = ty else { return };
    for (field, of) in interface.records.get(name).into_iter().flat_map(|record| &record.fields) {
        walk(interface, path.with(&format!(".{field}")), &of.ty, of.sealed, found);
    }
}

fn parts(path: &Path, ty: &Type, found: &mut Vec<Subject>) {
    for name in ty.parts() {
        let part = ty.part(name).unwrap_or(ty);
        found.push(path.with(&format!(".{name}")).subject(part, false));
    }
}

/// A condition on one of `subjects`, on a line.
pub(crate) fn condition(random: &mut Random, subjects: &[Subject]) -> Option<String> {
    let subject = random.pick(subjects)?;
    if subject.text == "clock.time" {
        let (how, hour) = (random.word(&["<", "<=", ">", ">="]), random.below(24));
        return Some(format!("clock.time {how} \"{hour:02}:00\""));
    }
    let asks_presence = random.chance(12);
    let test = if asks_presence { None } else { test(random, &subject.ty, subject.sealed) };
    let test = match test {
        Some(test) => test,
        None if subject.whole => format!("is {}", random.word(&["present", "absent"])),
        None => return None,
    };
    Some(format!("{} {test}", subject.text))
}

fn test(random: &mut Random, ty: &Type, sealed: bool) -> Option<String> {
    let can_conform =
        matches!(ty, Type::Json | Type::Text | Type::Map(_) | Type::List(_) | Type::Set(_) | Type::Record(_));
    if can_conform && (*ty == Type::Json || random.chance(15)) {
        return random.pick(&SCHEMAS).map(|(file, _)| format!("conforms to {}", quoted(file)));
    }
    let word = |random: &mut Random, words: &[&'static str]| random.word(words);
    Some(match ty {
        Type::Bool => format!("{} {}", word(random, &["==", "!="]), constant(random, ty)?),
        Type::Map(_) => format!("{} {}", word(random, &["has", "lacks"]), keys(random)),
        Type::List(member) | Type::Set(member) => {
            format!("{} {}", word(random, &["has", "lacks"]), constants(random, member)?)
        }
        ty if ty.is_integer() || ty.is_text() => match random.below(8) {
            0 => format!("in {}", constants(random, ty)?),
            1 => format!("not in {}", constants(random, ty)?),
            2..=4 if ty.is_integer() => {
                format!("{} {}", word(random, &["<", "<=", ">", ">="]), constant(random, ty)?)
            }
            2 if *ty == Type::Host => format!("under domain {}", one_or_more(random, &HOSTS)),
            2 if *ty == Type::Path => format!("under path {}", one_or_more(random, &PATHS)),
            2..=4 if *ty == Type::Ip => format!("within cidr {}", blocks(random)),
            3 if is_pattern_text(ty) && *ty != Type::Host => format!("matches {}", regex(random)),
            2..=4 if is_pattern_text(ty) => format!("like {}", pattern(random)),
            5 => format!("!= {}", constant(random, ty)?),
            6 if !sealed && ty.source_type().is_some() => "from [job.input]".to_owned(),
            _ => format!("== {}", constant(random, ty)?),
        },
        _ => return None,
    })
}

fn is_pattern_text(ty: &Type) -> bool {
    matches!(ty, Type::Text | Type::Host | Type::Did | Type::Path | Type::EntityName { .. })
}
