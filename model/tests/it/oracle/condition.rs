//! One condition, on the JSON of a call's arguments.

use serde_json::Value as Json;
use wpc_model::Value;

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

/// A typed value as plain JSON; sealed ones as `null`.
pub(super) fn plain(value: &Value) -> Json {
    match value {
        Value::Bool(value) => Json::from(*value),
        Value::Int(number) => Json::from(*number),
        Value::Text(text) => Json::from(text.as_str()),
        Value::List(members) => members.iter().map(plain).collect(),
        Value::Map(members) => {
            Json::Object(members.iter().map(|(name, value)| (name.clone(), plain(value))).collect())
        }
        Value::Sealed => Json::Null,
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

/// The value at the end of a path, if any, and whether another spelling of a key stands beside it.
fn look(fields: &Json, path: &[String]) -> (Option<Json>, bool) {
    let Some(mut at) = fields.get(&path[0]).cloned() else { return (None, false) };
    let mut doubtful = false;
    for word in &path[1..] {
        if word == "#" {
            let size = at.as_object().map(serde_json::Map::len).or(at.as_array().map(Vec::len));
            let size = size.or(at.as_str().map(str::len));
            return (size.map(Json::from).or(Some(Json::Null)), doubtful);
        }
        let Some(map) = at.as_object() else { return (Some(Json::Null), true) };
        let (sort, name) = word.split_at(1);
        doubtful |= sort == "[" && case_variant(map, name);
        match map.get(name) {
            Some(next) => at = next.clone(),
            None => return (None, doubtful),
        }
    }
    (Some(at), doubtful)
}

pub(super) fn holds(fields: &Json, triple: &Json) -> May {
    let path = words(triple[0].as_str().unwrap());
    let (found, doubtful) = look(fields, &path[1..]);
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
    match path[0].as_str() {
        "each" => every(found.as_array().unwrap().iter().map(|one| test(one, operator, &triple[2]))),
        "some" => some(found.as_array().unwrap().iter().map(|one| test(one, operator, &triple[2]))),
        _ => test(&found, operator, &triple[2]),
    }
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
        other => panic!("{other}"),
    }
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
