//! Members of JSON objects, by the schema of who reads them.

use serde_json::{Map, Value};
use wpc_model::canon::Json;
use wpc_model::{Hash, MAX_INTEGER};

use crate::{Did, JobId, time};

/// A member is missing, or is not what its schema says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Wrong(pub(crate) &'static str);

/// The members of an object. Members that nobody asks for are found by re-encoding what was read.
#[derive(Clone, Copy)]
pub(crate) struct Members<'a>(&'a Map<String, Value>);

impl<'a> Members<'a> {
    /// Of a value that must be an object.
    pub(crate) fn of(value: &'a Value, name: &'static str) -> Result<Self, Wrong> {
        value.as_object().map(Self).ok_or(Wrong(name))
    }

    pub(crate) fn get(self, name: &'static str) -> Result<&'a Value, Wrong> {
        self.0.get(name).ok_or(Wrong(name))
    }

    /// Whether the member `v` is 1.
    pub(crate) fn version(self) -> Result<(), Wrong> {
        if self.number("v")? == 1 { Ok(()) } else { Err(Wrong("v")) }
    }

    pub(crate) fn text(self, name: &'static str) -> Result<&'a str, Wrong> {
        self.get(name)?.as_str().ok_or(Wrong(name))
    }

    pub(crate) fn number(self, name: &'static str) -> Result<u64, Wrong> {
        self.get(name)?.as_u64().filter(|number| *number <= MAX_INTEGER.unsigned_abs()).ok_or(Wrong(name))
    }

    pub(crate) fn array(self, name: &'static str) -> Result<&'a [Value], Wrong> {
        self.get(name)?.as_array().map(Vec::as_slice).ok_or(Wrong(name))
    }

    pub(crate) fn texts(self, name: &'static str) -> Result<Vec<String>, Wrong> {
        let text = |value: &Value| value.as_str().map(str::to_owned).ok_or(Wrong(name));
        self.array(name)?.iter().map(text).collect()
    }

    pub(crate) fn hash(self, name: &'static str) -> Result<Hash, Wrong> {
        Hash::from_text(self.text(name)?).ok_or(Wrong(name))
    }

    pub(crate) fn did(self, name: &'static str) -> Result<Did, Wrong> {
        Did::parse(self.text(name)?).map_err(|_| Wrong(name))
    }

    pub(crate) fn job(self, name: &'static str) -> Result<JobId, Wrong> {
        JobId::parse(self.text(name)?).map_err(|_| Wrong(name))
    }

    /// A time, in Unix milliseconds.
    pub(crate) fn time(self, name: &'static str) -> Result<i64, Wrong> {
        time::from_text(self.text(name)?).ok_or(Wrong(name))
    }

    /// What `read` makes of the member, or `None` of `null`.
    pub(crate) fn or_null<T>(
        self,
        name: &'static str,
        read: impl FnOnce(Self, &'static str) -> Result<T, Wrong>,
    ) -> Result<Option<T>, Wrong> {
        if self.get(name)?.is_null() { Ok(None) } else { read(self, name).map(Some) }
    }
}

/// A value without fractions; `None` of one that has any, or an integer that is too great.
pub(crate) fn json(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Number(number) => {
            let integer =
                number.as_i64().filter(|integer| integer.unsigned_abs() <= MAX_INTEGER.unsigned_abs());
            Json::Integer(integer?)
        }
        Value::String(text) => Json::from(text.as_str()),
        Value::Array(items) => Json::Array(items.iter().map(json).collect::<Option<_>>()?),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| Some((name.clone(), json(value)?));
            Json::Object(members.iter().map(member).collect::<Option<_>>()?)
        }
    })
}
