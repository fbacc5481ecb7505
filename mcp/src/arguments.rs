//! A tool's arguments in JSON, and the call that they mean.
//!
//! ```text
//! {"path": "/srv/a", "head": 3}  ──read──▶ RawCall ──Call::check──▶ Call          (typed, or refused with a place)
//!                                ◀─write── Call, and the given values of what nothing may read
//! ```
//!
//! What is sent on is written anew from the call that was decided, never the bytes that came. An action that
//! takes one kind of resource takes its parameters beside its arguments (`{"queue": …}` is then `name`);
//! where it takes several, or names would collide, they stand in a member of their own with their `kind`.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value as Json};
use wpc_model::{
    Action, Call, Field, Given, Interface, MAX_INTEGER, Malformed, MalformedCode, Policy, RawCall,
    RawResource, Type, Value, decimal_text, instant_text, minor_digits,
};

/// Where the parameters of a resource stand among an action's arguments.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Layout {
    /// The action takes no resource.
    None,
    /// Beside the arguments, of the one kind that the action takes.
    Beside(String),
    /// In a member of this name, with their kind.
    Within(String),
}

impl Layout {
    /// The layout of an action: the same under every policy.
    pub(crate) fn of(interface: &Interface, action: &Action) -> Self {
        match action.kinds.as_slice() {
            [] => Self::None,
            [kind] if !collides(interface, action, kind) => Self::Beside(kind.clone()),
            _ => {
                let mut name = "resource".to_owned();
                while action.arguments.contains_key(&name) {
                    name.push('_');
                }
                Self::Within(name)
            }
        }
    }
}

fn collides(interface: &Interface, action: &Action, kind: &str) -> bool {
    let parameters = interface.kinds.get(kind).map(|kind| kind.template.parameters.as_slice());
    parameters.unwrap_or_default().iter().any(|(name, _)| action.arguments.contains_key(name))
}

/// A typed call, and what was given where it says only that something is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// What is decided.
    pub call: Call,
    given: Map<String, Json>,
    own: Map<String, Json>,
}

impl Asked {
    /// A call of which nothing else is known.
    pub(crate) fn of(call: Call) -> Self {
        Self { call, given: Map::new(), own: Map::new() }
    }

    /// The same, with what the executor takes for itself.
    pub(crate) fn with_own(self, own: Map<String, Json>) -> Self {
        Self { own, ..self }
    }

    /// What the executor took for itself ([`crate::Taken`]).
    #[must_use]
    pub const fn own(&self) -> &Map<String, Json> {
        &self.own
    }

    /// What was given as `argument`, in JSON: for arguments that conditions never read (`json`, `sealed`), of
    /// which the call holds nothing.
    #[must_use]
    pub fn given(&self, argument: &str) -> Option<&Json> {
        self.given.get(argument)
    }
}

/// Reads the arguments of a call of `action` of `tool`, which `check` types.
///
/// # Errors
///
/// [`Malformed`] with the first thing that is wrong, and where.
pub(crate) fn read(
    policy: &Policy,
    (tool, action): (&str, &str),
    layout: &Layout,
    given: Map<String, Json>,
    check: impl FnOnce(RawCall) -> Result<Call, Malformed>,
) -> Result<Asked, Malformed> {
    let mut arguments = BTreeMap::new();
    for (name, value) in &given {
        arguments.insert(name.clone(), given_of(value));
    }
    let resource = match layout {
        Layout::None => None,
        Layout::Beside(kind) => {
            let parameters = policy.tools.get(tool).and_then(|tool| tool.interface.kinds.get(kind));
            let parameters = parameters.map(|kind| kind.template.parameters.as_slice()).unwrap_or_default();
            let mut names = BTreeMap::new();
            for (name, _) in parameters {
                if let Some(given) = arguments.remove(name) {
                    names.insert(name.clone(), text(given, name)?);
                }
            }
            Some(RawResource { kind: kind.clone(), names })
        }
        Layout::Within(member) => match arguments.remove(member) {
            None | Some(Given::Null) => None,
            Some(Given::Map(members)) => {
                let mut names = BTreeMap::new();
                for (name, given) in members {
                    let at = format!("{member}.{name}");
                    names.insert(name, text(given, &at)?);
                }
                let kind = names.remove("kind").ok_or_else(|| {
                    malformed(MalformedCode::MissingMember, &format!("{member}.kind"), "is missing")
                })?;
                Some(RawResource { kind, names })
            }
            Some(_) => return Err(malformed(MalformedCode::WrongType, member, "is not an object")),
        },
    };
    let raw = RawCall { tool: tool.to_owned(), action: action.to_owned(), resource, arguments };
    Ok(Asked { given, ..Asked::of(check(raw)?) })
}

fn text(given: Given, at: &str) -> Result<String, Malformed> {
    if let Given::Text(text) = given {
        Ok(text)
    } else {
        Err(malformed(MalformedCode::WrongType, at, "is not a text"))
    }
}

fn malformed(code: MalformedCode, at: &str, message: &str) -> Malformed {
    let shown: String = at.chars().filter(|character| !character.is_control()).take(64).collect();
    Malformed { code, path: format!("$.arguments.{shown}"), message: message.to_owned() }
}

/// A JSON value as the model reads one. Numbers with a fraction or beyond the range are numbers that nothing
/// may read.
fn given_of(value: &Json) -> Given {
    match value {
        Json::Null => Given::Null,
        Json::Bool(value) => Given::Bool(*value),
        Json::Number(number) => {
            whole(number).map_or_else(|| Given::OtherNumber(number.to_string()), Given::Integer)
        }
        Json::String(text) => Given::Text(text.clone()),
        Json::Array(items) => Given::List(items.iter().map(given_of).collect()),
        Json::Object(members) => {
            Given::Map(members.iter().map(|(name, value)| (name.clone(), given_of(value))).collect())
        }
    }
}

fn whole(number: &Number) -> Option<i64> {
    number.as_i64().filter(|number| (-MAX_INTEGER..=MAX_INTEGER).contains(number))
}

/// The arguments of a call, as its tool takes them; `None` if the call is not one of `policy`.
pub(crate) fn write(policy: &Policy, layout: &Layout, asked: &Asked) -> Option<Map<String, Json>> {
    let Asked { call, given, .. } = asked;
    let interface = &policy.tools.get(&call.tool)?.interface;
    let action = interface.actions.get(&call.action)?;
    let mut out = Map::new();
    if let Some(resource) = &call.resource {
        let parameters = &interface.kinds.get(&resource.kind)?.template.parameters;
        let names = parameters.iter().zip(&resource.names);
        let names = names.map(|((name, _), text)| (name.clone(), Json::from(text.as_str())));
        match layout {
            Layout::None => return None,
            Layout::Beside(_) => out.extend(names),
            Layout::Within(member) => {
                let mut members: Map<_, _> = names.collect();
                members.insert("kind".to_owned(), Json::from(resource.kind.as_str()));
                out.insert(member.clone(), Json::Object(members));
            }
        }
    }
    out.extend(fields(interface, &action.arguments, &call.arguments, Some(given)));
    Some(out)
}

/// Stated fields: their values, and as given what the call says nothing of.
fn fields(
    interface: &Interface,
    fields: &BTreeMap<String, Field>,
    values: &BTreeMap<String, Value>,
    given: Option<&Map<String, Json>>,
) -> Map<String, Json> {
    let stated = fields.iter().filter(|(_, field)| !field.measured);
    let of = |(name, field): (&String, &Field)| {
        let value = written(interface, &field.ty, values.get(name)?, given.and_then(|given| given.get(name)));
        Some((name.clone(), value))
    };
    stated.filter_map(of).collect()
}

/// A value in its one spelling; as `given` where it says only that something is there.
fn written(interface: &Interface, ty: &Type, value: &Value, given: Option<&Json>) -> Json {
    match (value, ty) {
        (Value::Sealed(_), _) => given.cloned().unwrap_or_default(),
        (Value::Bool(value), _) => Json::from(*value),
        (Value::Int(scaled), Type::Decimal { scale }) => Json::from(decimal_text(*scaled, *scale)),
        (Value::Int(minor), Type::Money { currency }) => {
            Json::from(decimal_text(*minor, minor_digits(currency)))
        }
        (Value::Int(at), Type::Time) => Json::from(instant_text(*at)),
        (Value::Int(number), _) => Json::from(*number),
        (Value::Text(text), _) => Json::from(text.as_str()),
        // A set of what nothing reads has lost what its members were.
        (Value::List(_), Type::Set(member)) if **member == Type::Json => given.cloned().unwrap_or_default(),
        (Value::List(members), Type::Set(member)) => {
            members.iter().map(|one| written(interface, member, one, None)).collect()
        }
        (Value::List(members), Type::List(member)) => each(interface, member, members, given),
        (Value::List(elements), Type::Batch(record)) => {
            each(interface, &Type::Record(record.clone()), elements, given)
        }
        (Value::Map(members), Type::Map(member)) => {
            let each = members.iter().map(|(key, one)| {
                (key.clone(), written(interface, member, one, given.and_then(|given| given.get(key))))
            });
            Json::Object(each.collect())
        }
        (Value::Map(members), Type::Record(name)) => match interface.records.get(name) {
            Some(record) => {
                Json::Object(fields(interface, &record.fields, members, given.and_then(Json::as_object)))
            }
            None => Json::Null,
        },
        // No call has these.
        (Value::List(_) | Value::Map(_), _) => Json::Null,
    }
}

fn each(interface: &Interface, ty: &Type, members: &[Value], given: Option<&Json>) -> Json {
    let each = members.iter().enumerate();
    each.map(|(at, one)| written(interface, ty, one, given.and_then(|given| given.get(at)))).collect()
}

/// A value in its one spelling. What is sealed is `null`.
pub(crate) fn json_of(value: &Value, ty: &Type, interface: &Interface) -> Json {
    written(interface, ty, value, None)
}
