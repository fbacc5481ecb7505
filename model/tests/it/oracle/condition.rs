//! One condition, on the JSON of a call's arguments.

use std::collections::BTreeSet;

use serde_json::Value as Json;
use wpc_model::{Moment, Part, RuleId, Truth, Value};

/// When, and which values came from where, if anybody knows: `email`s of `job.input` and the like.
#[derive(Clone, Copy)]
pub(super) struct Now<'a> {
    pub(super) moment: Moment,
    pub(super) came: Option<&'a BTreeSet<(String, String)>>,
    /// What values in clear conform to, drawn.
    pub(super) conforms: Option<u64>,
}

/// Whether `value` at the end of `subject` conforms to `schema`, drawn from `seed`.
pub(super) fn drawn(seed: u64, subject: &str, schema: &str, value: &Json) -> Truth {
    let hash = wpc_model::Hash::of(format!("{seed} {subject} {schema} {value}").as_bytes());
    [Truth::False, Truth::Unknown, Truth::True][usize::from(hash.0[0] % 3)]
}

fn of_truth(truth: Truth) -> May {
    match truth {
        Truth::True => surely(true),
        Truth::False => surely(false),
        Truth::Unknown => EITHER,
    }
}

/// The one member of what stands for a sealed value: its answers, by the questions' ids.
const SEALED: &str = "\0sealed";

/// What a sealed value answers to the rest of a condition.
fn answer(sealed: &Json, quantifier: &str, rest: &[String], triple: &Json) -> May {
    let mut subject = if quantifier.is_empty() { String::new() } else { format!("{quantifier} ") };
    subject.push_str("\"\"");
    for word in rest {
        match word.split_at(1) {
            ("[", key) => subject.push_str(&format!("[{}]", Json::from(key))),
            ("#", _) => subject.push_str(".size"),
            (_, field) if field == "size" || field.contains(' ') => {
                subject.push_str(&format!(".{}", Json::from(field)))
            }
            _ => subject.push_str(word),
        }
    }
    let question = Json::from(vec![Json::from(subject), triple[1].clone(), triple[2].clone()]);
    let id = RuleId::of(format!("sealed {}", serde_jcs::to_string(&question).unwrap()).as_bytes());
    sealed[SEALED][id.to_string()].as_bool().map_or(EITHER, surely)
}

fn is_sealed(value: &Json) -> bool {
    value.get(SEALED).is_some()
}

/// What a statement may turn out to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct May {
    pub(super) hold: bool,
    pub(super) fail: bool,
}

const EITHER: May = May { hold: true, fail: true };

pub(super) fn surely(holds: bool) -> May {
    May { hold: holds, fail: !holds }
}

pub(super) fn every(all: impl IntoIterator<Item = May>) -> May {
    all.into_iter().fold(surely(true), |so_far, one| May {
        hold: so_far.hold && one.hold,
        fail: so_far.fail || one.fail,
    })
}

fn opposite(may: May) -> May {
    May { hold: may.fail, fail: may.hold }
}

pub(super) fn some(all: impl IntoIterator<Item = May>) -> May {
    opposite(every(all.into_iter().map(opposite)))
}

/// A typed value as plain JSON; sealed ones as what is known of them.
pub(super) fn plain(value: &Value) -> Json {
    match value {
        Value::Bool(value) => Json::from(*value),
        Value::Int(number) => Json::from(*number),
        Value::Text(text) => Json::from(text.as_str()),
        Value::List(members) => members.iter().map(plain).collect(),
        Value::Map(members) => {
            Json::Object(members.iter().map(|(name, value)| (name.clone(), plain(value))).collect())
        }
        Value::Sealed(sealed) => {
            let known: Json = serde_json::from_slice(&sealed.to_json().encode()).unwrap();
            Json::Object([(SEALED.to_owned(), known)].into_iter().collect())
        }
    }
}

/// `each a["k"].b.size` as words: `each`, `a`, `[k`, `.b`, `#`.
pub(super) fn words(subject: &str) -> Vec<String> {
    let (mut out, mut rest) = (Vec::new(), subject);
    for quantifier in ["each ", "some "] {
        if let Some(after) = rest.strip_prefix(quantifier) {
            out.push(quantifier.trim().to_owned());
            rest = after;
        }
    }
    if out.is_empty() {
        out.push(String::new());
    }
    let mut sort = "";
    loop {
        let quoted = rest.starts_with('"');
        let end = if quoted {
            let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<String>();
            stream.next();
            stream.byte_offset()
        } else {
            rest.find(['.', '[', ']']).unwrap_or(rest.len())
        };
        let (word, after) = rest.split_at(end);
        let word = if quoted { serde_json::from_str(word).unwrap() } else { word.to_owned() };
        out.push(if sort == "." && word == "size" && !quoted {
            "#".to_owned()
        } else {
            format!("{sort}{word}")
        });
        rest = after.strip_prefix(']').unwrap_or(after);
        (sort, rest) = match (rest.strip_prefix('.'), rest.strip_prefix('[')) {
            (Some(after), _) => (".", after),
            (_, Some(after)) => ("[", after),
            _ => return out,
        };
    }
}

fn case_variant(map: &serde_json::Map<String, Json>, key: &str) -> bool {
    map.keys().any(|other| other != key && other.eq_ignore_ascii_case(key))
}

/// How far from the start of a path the first sealed value stands.
fn sealed_at(start: Option<&Json>, path: &[String]) -> Option<usize> {
    (0..=path.len()).find(|length| look(start, &path[..*length]).0.as_ref().is_some_and(is_sealed))
}

/// The value at the end of a path, if any, and whether another spelling of a key stands beside it.
fn look(start: Option<&Json>, path: &[String]) -> (Option<Json>, bool) {
    let Some(mut at) = start.cloned() else { return (None, false) };
    let mut doubtful = false;
    for word in path {
        if word == "#" {
            let size = at.as_object().map(serde_json::Map::len).or(at.as_array().map(Vec::len));
            let size = size.or(at.as_str().map(str::len));
            return (size.map(Json::from).or(Some(Json::Null)), doubtful);
        }
        let (sort, name) = word.split_at(1);
        if let Some(address) = at.as_str() {
            at = match wpc_model::part(address, name) {
                Some(Part::Text(text)) => Json::from(text),
                Some(Part::Number(number)) => Json::from(number),
                None => return (None, true),
            };
            continue;
        }
        let Some(map) = at.as_object() else { return (None, true) };
        doubtful |= sort == "[" && case_variant(map, name);
        match map.get(name) {
            Some(next) => at = next.clone(),
            None => return (None, doubtful),
        }
    }
    (Some(at), doubtful)
}

pub(super) fn holds(fields: &Json, triple: &Json, now: Now<'_>) -> May {
    let path = words(triple[0].as_str().unwrap());
    let (quantifier, name, steps) = (path[0].as_str(), path[1].as_str(), &path[2..]);
    if name == "clock" {
        return asked((Some(clock(&steps[0], now.moment)), false), triple, now);
    }
    let start = fields.get(name);
    let over: fn(Vec<May>) -> May = match quantifier {
        "each" => |all| every(all),
        "some" => |all| some(all),
        _ => return asked_along(start, steps, triple, now),
    };
    for length in 0..=steps.len() {
        let (before, after) = steps.split_at(length);
        match look(start, before) {
            (Some(found), false) if is_sealed(&found) => return answer(&found, quantifier, after, triple),
            (Some(found), true) if is_sealed(&found) => return EITHER,
            _ => {}
        }
        if let (Some(Json::Array(members)), doubtful) = look(start, before) {
            let members = members.iter().map(|one| asked_along(Some(one), after, triple, now));
            return if doubtful { EITHER } else { over(members.collect()) };
        }
    }
    EITHER
}

/// What stands on the clock, counted in whole days and the rest.
fn clock(step: &str, now: Moment) -> Json {
    let days = ["mon", "tues", "wednes", "thurs", "fri", "satur", "sun"];
    let (day, rest) = (now.now_ms.div_euclid(86_400_000), now.now_ms.rem_euclid(86_400_000));
    let weekday = days[usize::try_from((day + 3).rem_euclid(7)).unwrap()];
    if step == ".time" { Json::from(rest) } else { Json::from(format!("{weekday}day")) }
}

fn asked_along(start: Option<&Json>, steps: &[String], triple: &Json, now: Now<'_>) -> May {
    let Some(length) = sealed_at(start, steps) else { return asked(look(start, steps), triple, now) };
    let (before, rest) = steps.split_at(length);
    let (found, doubtful) = look(start, before);
    match (found, triple[1].as_str().unwrap()) {
        (Some(_), "is") if rest.is_empty() => surely(triple[2] == "present"),
        (Some(sealed), _) if !doubtful => answer(&sealed, "", rest, triple),
        _ => EITHER,
    }
}

fn asked((found, doubtful): (Option<Json>, bool), triple: &Json, now: Now<'_>) -> May {
    let operator = triple[1].as_str().unwrap();
    if operator == "is" {
        let wanted = triple[2] == "present";
        return match (&found, doubtful) {
            (Some(_), _) => surely(wanted),
            (None, false) => surely(!wanted),
            (None, true) => EITHER,
        };
    }
    let Some(found) = found else { return EITHER };
    if doubtful || found.is_null() {
        return EITHER;
    }
    if operator == "from" {
        let Some(came) = now.came else { return EITHER };
        let from = |source: &Json| came.contains(&(source.as_str().unwrap().to_owned(), found.to_string()));
        return surely(triple[2].as_array().unwrap().iter().any(from));
    }
    if operator == "conforms to" {
        let Some(seed) = now.conforms else { return EITHER };
        let (subject, schema) = (triple[0].as_str().unwrap(), triple[2].as_str().unwrap());
        return of_truth(drawn(seed, subject, schema, &found));
    }
    test(&found, operator, &triple[2])
}

fn test(found: &Json, operator: &str, constant: &Json) -> May {
    let numbers = || (found.as_i64().unwrap(), constant.as_i64().unwrap());
    let one_of = || constant.as_array().unwrap().contains(found);
    match operator {
        "==" => surely(found == constant),
        "!=" => surely(found != constant),
        "<" => surely(numbers().0 < numbers().1),
        "<=" => surely(numbers().0 <= numbers().1),
        ">" => surely(numbers().0 > numbers().1),
        ">=" => surely(numbers().0 >= numbers().1),
        "in" => surely(one_of()),
        "not in" => surely(!one_of()),
        "like" => surely(wpc_model::glob(constant.as_str().unwrap(), found.as_str().unwrap())),
        "has" => every(constant.as_array().unwrap().iter().map(|one| holds_member(found, one))),
        "lacks" => every(constant.as_array().unwrap().iter().map(|one| opposite(holds_member(found, one)))),
        "matches" => surely(
            wpc_model::Regex::new(constant.as_str().unwrap()).unwrap().matches(found.as_str().unwrap()),
        ),
        "under path" => one_text(found, constant, |path, of| {
            path == of || path.starts_with(&format!("{}/", of.trim_end_matches('/')))
        }),
        "under domain" => {
            one_text(found, constant, |host, of| host == of || host.ends_with(&format!(".{of}")))
        }
        "within cidr" => {
            one_text(found, constant, |ip, block| wpc_model::Cidr::parse(block).unwrap().contains(ip))
        }
        other => panic!("{other}"),
    }
}

fn one_text(found: &Json, constants: &Json, is: fn(&str, &str) -> bool) -> May {
    let found = found.as_str().unwrap();
    surely(constants.as_array().unwrap().iter().any(|of| is(found, of.as_str().unwrap())))
}

fn holds_member(found: &Json, one: &Json) -> May {
    let Some(map) = found.as_object() else { return surely(found.as_array().unwrap().contains(one)) };
    let key = one.as_str().unwrap();
    if map.contains_key(key) {
        surely(true)
    } else if case_variant(map, key) {
        EITHER
    } else {
        surely(false)
    }
}
