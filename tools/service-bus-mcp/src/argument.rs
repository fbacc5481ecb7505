//! Reading what the tools take for themselves, strictly, with the place of what is wrong.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json};
use wpc_model::{MAX_INTEGER, Malformed, MalformedCode};

/// Where an argument stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'a> {
    /// Of what: nothing, or `messages[3].`.
    pub(crate) of: &'a str,
    pub(crate) name: &'a str,
}

impl<'a> At<'a> {
    pub(crate) const fn argument(name: &'a str) -> Self {
        Self { of: "", name }
    }

    pub(crate) fn wrong(self, code: MalformedCode, message: &str) -> Malformed {
        Malformed { code, path: format!("$.arguments.{}{}", self.of, self.name), message: message.to_owned() }
    }

    fn is_no(self, what: &str) -> Malformed {
        self.wrong(MalformedCode::WrongType, &format!("is not {what}"))
    }
}

/// A value that is there: `null` is none.
fn there<'j>(own: &'j Map<String, Json>, at: At<'_>) -> Option<&'j Json> {
    own.get(at.name).filter(|value| !value.is_null())
}

pub(crate) fn text(own: &Map<String, Json>, at: At<'_>) -> Result<Option<String>, Malformed> {
    let Some(value) = there(own, at) else { return Ok(None) };
    value.as_str().map(|text| Some(text.to_owned())).ok_or_else(|| at.is_no("a text"))
}

pub(crate) fn bytes(own: &Map<String, Json>, at: At<'_>) -> Result<Option<Vec<u8>>, Malformed> {
    let Some(text) = text(own, at)? else { return Ok(None) };
    STANDARD.decode(text).map(Some).map_err(|_| at.is_no("base64 (RFC 4648 section 4)"))
}

/// A whole number from `least` on.
pub(crate) fn number(own: &Map<String, Json>, at: At<'_>, least: i64) -> Result<Option<i64>, Malformed> {
    there(own, at).map(|value| whole(value, at, least)).transpose()
}

pub(crate) fn flag(own: &Map<String, Json>, at: At<'_>) -> Result<bool, Malformed> {
    let Some(value) = there(own, at) else { return Ok(false) };
    value.as_bool().ok_or_else(|| at.is_no("true or false"))
}

/// A list of at least one text.
pub(crate) fn texts(own: &Map<String, Json>, at: At<'_>) -> Result<Option<Vec<String>>, Malformed> {
    let Some(items) = items(own, at)? else { return Ok(None) };
    let of = |item: &Json| item.as_str().map(str::to_owned).ok_or_else(|| at.is_no("a list of texts"));
    items.iter().map(of).collect::<Result<_, _>>().map(Some)
}

/// A list of at least one of a broker's numbers.
pub(crate) fn numbers(own: &Map<String, Json>, at: At<'_>) -> Result<Option<Vec<i64>>, Malformed> {
    let Some(items) = items(own, at)? else { return Ok(None) };
    items.iter().map(|item| whole(item, at, 0)).collect::<Result<_, _>>().map(Some)
}

/// Texts by name; none of them is no object, too.
pub(crate) fn map(own: &Map<String, Json>, at: At<'_>) -> Result<BTreeMap<String, String>, Malformed> {
    let Some(value) = there(own, at) else { return Ok(BTreeMap::new()) };
    let members = value.as_object().ok_or_else(|| at.is_no("an object"))?;
    let of = |(name, value): (&String, &Json)| {
        let text = value.as_str().ok_or_else(|| at.is_no("an object of texts"))?;
        Ok((name.clone(), text.to_owned()))
    };
    members.iter().map(of).collect()
}

pub(crate) fn missing(name: &str) -> Malformed {
    At::argument(name).wrong(MalformedCode::MissingArgument, "is missing")
}

fn items<'j>(own: &'j Map<String, Json>, at: At<'_>) -> Result<Option<&'j [Json]>, Malformed> {
    let Some(value) = there(own, at) else { return Ok(None) };
    let items = value.as_array().ok_or_else(|| at.is_no("a list"))?;
    if items.is_empty() {
        return Err(at.wrong(MalformedCode::OutOfRange, "is empty"));
    }
    Ok(Some(items))
}

fn whole(value: &Json, at: At<'_>, least: i64) -> Result<i64, Malformed> {
    let number = value.as_i64().ok_or_else(|| at.is_no("a whole number"))?;
    if (least..=MAX_INTEGER).contains(&number) {
        Ok(number)
    } else {
        Err(at.wrong(MalformedCode::OutOfRange, "is outside its range"))
    }
}
