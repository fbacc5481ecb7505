//! Parameters and the values they were given.

use wpc_grammar::Loc;
use wpc_grammar::Span;
use wpc_grammar::syntax::{Ident, Quantity, Ty, Value as Written};
use wpc_model::{Type, Value};

use crate::fault::Fault;
use crate::names::{Meaning, Named, Names};
use crate::value::Reader;
use crate::words::{describe, one_of};
use crate::{Code, Diagnostic, Parameters, Problems, shape, text, ty, unit};

/// Where the values of a policy's parameters come from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Given<'g> {
    /// Whoever compiles it.
    Outside(&'g Parameters),
    /// The parameters of the policy that extends it.
    Child {
        /// Its names.
        names: &'g Names<'g>,
        /// Where it says what it extends.
        place: Span,
    },
}

/// Declares `param NAME: TYPE = DEFAULT` with the value given to it, else its default.
pub(super) fn declare<'a>(
    name: &'a Ident,
    written: &'a Ty,
    default: Option<&'a Written>,
    given: Given<'_>,
    names: &mut Names<'a>,
    problems: &mut Problems,
) {
    let meaning = read(name, written, default, given, problems).unwrap_or(Meaning::Broken);
    names.declare(name, meaning, problems);
}

fn read<'a>(
    name: &'a Ident,
    written: &'a Ty,
    default: Option<&'a Written>,
    given: Given<'_>,
    problems: &mut Problems,
) -> Option<Meaning<'a>> {
    let ty = ty::parameter(written, problems)?;
    // A default is checked even where it is not used: it will be, one day.
    let default = default.map(|value| {
        if let Some(word) = shape::word(value)
            && !matches!(ty, Type::Choice(_))
        {
            problems.report(
                Diagnostic::error(
                    Code::UnknownName,
                    word.loc.0,
                    format!("found the name `{}` as a default, expected a `{}`", word.text, describe(&ty)),
                    "a default names nothing",
                )
                .help("write the value itself"),
            );
            return None;
        }
        let nothing = Names::default();
        Reader::new(&nothing, problems).constant(value, &ty)
    });
    let missing = |place, help: String| {
        Diagnostic::error(
            Code::MissingParameter,
            place,
            format!("found no value for parameter `{}`", name.text),
            "has no default, and none was given",
        )
        .help(help)
    };
    let missing = match given {
        Given::Outside(parameters) => {
            if let Some(text) = parameters.value(&name.text) {
                return outside(name, written, text, ty, problems);
            }
            missing(name.loc.0, format!("give it one with `--param {}=…`, or write a default", name.text))
        }
        Given::Child { names, place } => {
            if let Some(named) = names.parameter(&name.text) {
                return of_child(name, named, ty, problems);
            }
            let form = format!("param {}: {}", name.text, describe(&ty));
            missing(place, format!("add `{form}` to this policy, or a default to the one that it extends"))
                .also(name.loc.0, "the parameter")
        }
    };
    match default {
        Some(default) => Some(Meaning::Parameter(ty, default?)),
        None => {
            problems.report(missing);
            None
        }
    }
}

/// The value that whoever compiles the policy gives.
fn outside<'a>(
    name: &Ident,
    written: &Ty,
    text: &str,
    ty: Type,
    problems: &mut Problems,
) -> Option<Meaning<'a>> {
    match given(text, &ty) {
        Ok(value) => Some(Meaning::Parameter(ty, value)),
        Err(fault) => {
            let place = fault.at(name.loc.0);
            let message = format!("parameter `{}`: {}", name.text, place.message);
            problems.report(Diagnostic { message, ..place }.also(written.loc.0, "its type"));
            None
        }
    }
}

/// The value that the parameter of that name has in the policy that extends this one.
fn of_child<'a>(name: &Ident, named: &Named<'_>, ty: Type, problems: &mut Problems) -> Option<Meaning<'a>> {
    // A parameter that has a problem was reported where it is declared.
    let Meaning::Parameter(found, value) = &named.meaning else { return None };
    if *found == ty {
        return Some(Meaning::Parameter(ty, value.clone()));
    }
    problems.report(
        Diagnostic::error(
            Code::WrongType,
            named.place,
            format!(
                "found parameter `{}` of type `{}`, expected `{}`",
                name.text,
                describe(found),
                describe(&ty)
            ),
            "the policy that is extended has another type",
        )
        .also(name.loc.0, "takes its value from there")
        .help("give both the same type, or another name to this one"),
    );
    None
}

/// Reports values that were given to parameters which the policy does not have.
pub(super) fn refuse_unknown(parameters: &Parameters, known: &[&str], place: Span, problems: &mut Problems) {
    for name in parameters.names().filter(|name| !known.contains(name)) {
        let near = problems.nearest(name, known.iter().copied());
        let help = near.unwrap_or_else(|| match known {
            [] => "remove it: the policy has no parameters".to_owned(),
            known => format!("use {}", one_of(known.iter().copied())),
        });
        problems.report(
            Diagnostic::error(
                Code::UnknownParameter,
                place,
                format!("found a value for parameter `{name}`, which the policy does not have"),
                format!("has no `param {name}`"),
            )
            .help(help),
        );
    }
}

/// A value given as text: texts as they stand, numbers with their units, lists by commas.
fn given(given: &str, ty: &Type) -> Result<Value, Fault> {
    if let Some(member) = ty.member() {
        let mut members =
            given.split(',').map(|one| self::given(one.trim(), member)).collect::<Result<Vec<_>, _>>()?;
        if matches!(ty, Type::Set(_)) {
            members.sort();
            members.dedup();
        }
        return Ok(Value::List(members));
    }
    if *ty == Type::Bool {
        return match given {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(mistyped(given, ty, "give it `true` or `false`")),
        };
    }
    if let Type::Choice(words) = ty {
        if words.iter().any(|word| word == given) {
            return Ok(Value::text(given));
        }
        let words = one_of(words.iter().map(String::as_str));
        let fault = Fault::new(
            Code::UnknownChoice,
            format!("found {given:?}, expected {words}"),
            "given another word",
        );
        return Err(fault.help(format!("give it {words}")));
    }
    if ty.is_integer() {
        let help = "give it a number, with a unit if its type has units";
        let quantity = quantity(given).ok_or_else(|| mistyped(given, ty, help))?;
        return unit::integer(&quantity, ty).map(Value::Int);
    }
    if let Some(character) = crate::lookalike::suspicious(given) {
        let message = format!("found {character:?}, which looks like another character or like nothing");
        return Err(
            Fault::new(Code::LookAlike, message, "given a misleading value").help("give it plain letters")
        );
    }
    text::checked(given, ty).map(Value::Text)
}

fn mistyped(given: &str, ty: &Type, help: &str) -> Fault {
    let message = format!("found {given:?}, expected `{}`", describe(ty));
    Fault::new(Code::WrongType, message, "given a value of another type").help(help)
}

/// `[-]DIGITS[.DIGITS][ UNIT]`, with `_` between digits.
fn quantity(text: &str) -> Option<Quantity> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let split = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '_' | '.'))).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(split)?;
    let unit = unit.trim();
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (number, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let grouped = whole.split('_').all(digits);
    if !grouped || fraction.is_some_and(|fraction| !digits(fraction)) {
        return None;
    }
    if !unit.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    let trimmed = whole.trim_start_matches('0');
    let unit =
        (!unit.is_empty()).then(|| Ident { text: unit.to_owned(), quoted: false, loc: Loc::default() });
    Some(Quantity {
        negative,
        whole: if trimmed.is_empty() { "0".to_owned() } else { trimmed.to_owned() },
        fraction: fraction.map(str::to_owned),
        unit,
        loc: Loc::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, ty: &Type, expect: Option<Value>) {
        assert_eq!(given(text, ty).ok(), expect, "{text:?}");
    }

    #[test]
    fn given_values_are_read_by_their_types() {
        check("128 KiB", &Type::Bytes, Some(Value::Int(131_072)));
        check("128KiB", &Type::Bytes, Some(Value::Int(131_072)));
        check("1_000", &Type::Count, Some(Value::Int(1_000)));
        check("007", &Type::Count, Some(Value::Int(7)));
        check("-3", &Type::Int, Some(Value::Int(-3)));
        check("25.5 EUR", &Type::Money { currency: "EUR".to_owned() }, Some(Value::Int(2_550)));
        check("Contoso.Example", &Type::Host, Some(Value::text("contoso.example")));
        check(
            "a, b",
            &Type::List(Box::new(Type::Text)),
            Some(Value::List(vec![Value::text("a"), Value::text("b")])),
        );
        check("true", &Type::Bool, Some(Value::Bool(true)));
    }

    #[test]
    fn what_is_not_of_the_type_is_refused() {
        for (text, ty) in [
            ("128", Type::Bytes),
            ("", Type::Count),
            ("-3", Type::Count),
            ("1.5", Type::Count),
            ("1__0", Type::Count),
            ("1 2", Type::Count),
            ("yes", Type::Bool),
            ("a b", Type::Host),
            ("p\u{430}y", Type::Text),
        ] {
            check(text, &ty, None);
        }
    }
}
