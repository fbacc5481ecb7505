//! Types and domains as JSON Schema, draft 2020-12.
//!
//! Written for models and for validators alike: closed objects, no `$ref`, no `format` (validators read those
//! differently), units in the description. The schema describes values in the one spelling that the gate
//! compares: a `host` in lower case, a `decimal` with its digits.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use wpc_model::{Action, Field, Interface, MAX_INTEGER, Type, minor_digits};

use crate::arguments::json_of;
use crate::domain::{Bounds, Domain};

/// Most values that are listed; of longer lists nothing is said.
const MAX_LISTED: usize = 512;

/// Deepest nesting that is described; what is deeper may be anything.
const MAX_DEPTH: u32 = 16;

/// The depth from which the schemas of measured values are written: what a tool measures is flat.
const MEASURED_FROM: u32 = MAX_DEPTH - 3;

/// Writes schemas of one interface's types.
#[derive(Clone, Copy)]
pub(crate) struct Writer<'i> {
    pub(crate) interface: &'i Interface,
}

/// One property of an object: its schema, and whether it must be there.
pub(crate) type Property = (String, Map<String, Json>, bool);

impl Writer<'_> {
    /// The properties of the fields that a caller states, and that can be there.
    pub(crate) fn properties(
        self,
        fields: &BTreeMap<String, Field>,
        domains: &BTreeMap<String, Domain>,
        depth: u32,
    ) -> Vec<Property> {
        let stated = fields.iter().filter(|(_, field)| !field.measured);
        let of = |(name, field): (&String, &Field)| {
            let unknown = Domain::default();
            let domain = domains.get(name).unwrap_or(&unknown);
            if domain.absent && field.optional {
                return None;
            }
            let bounds = if field.sealed { &unknown } else { domain };
            Some((name.clone(), self.value(&field.ty, bounds, depth), !field.optional || domain.present))
        };
        stated.filter_map(of).collect()
    }

    /// The schemas of what the tool measures, by name; of fields of the batch's elements after the batch's.
    pub(crate) fn measured(
        self,
        action: &Action,
        domains: &BTreeMap<String, Domain>,
    ) -> BTreeMap<String, Map<String, Json>> {
        let unknown = Domain::default();
        let of = |fields: &BTreeMap<String, Field>, domains: &BTreeMap<String, Domain>, before: &str| {
            let measured = fields.iter().filter(|(_, field)| field.measured);
            let schema = |(name, field): (&String, &Field)| {
                let domain = domains.get(name).unwrap_or(&unknown);
                (format!("{before}{name}"), self.value(&field.ty, domain, MEASURED_FROM))
            };
            measured.map(schema).collect::<Vec<_>>()
        };
        let mut all = of(&action.arguments, domains, "");
        if let Some((batch, record)) = action.batch()
            && let Some(record) = self.interface.records.get(record)
        {
            let members = domains.get(batch).and_then(|domain| domain.members.as_deref()).unwrap_or(&unknown);
            all.extend(of(&record.fields, &members.fields, &format!("{batch}.")));
        }
        all.into_iter().collect()
    }

    /// The schema of a value of type `ty` in `domain`.
    pub(crate) fn value(self, ty: &Type, domain: &Domain, depth: u32) -> Map<String, Json> {
        let deeper = depth.saturating_add(1);
        if deeper > MAX_DEPTH {
            return Map::new();
        }
        let mut schema = self.of_type(ty, domain, deeper);
        if let Some(values) = &domain.one_of
            && (1..=MAX_LISTED).contains(&values.len())
        {
            let listed = values.iter().map(|value| json_of(value, ty, self.interface));
            schema.insert("enum".to_owned(), listed.collect());
        }
        if ty.is_text() {
            patterns(&mut schema, domain);
        }
        size(&mut schema, ty, domain.size);
        schema
    }

    fn of_type(self, ty: &Type, domain: &Domain, depth: u32) -> Map<String, Json> {
        match ty {
            Type::Bool => typed("boolean", None),
            Type::Int => integer(-MAX_INTEGER, domain.range, None),
            Type::Count => integer(0, domain.range, None),
            Type::Bytes => integer(0, domain.range, Some("a size in bytes".to_owned())),
            Type::Duration => integer(0, domain.range, Some("a time span in milliseconds".to_owned())),
            Type::Decimal { scale } => amount(*scale, "a decimal number"),
            Type::Money { currency } => amount(minor_digits(currency), &format!("an amount in {currency}")),
            Type::Text => typed("string", None),
            Type::Host => typed("string", Some("a host name in lower case")),
            Type::Did => typed("string", Some("a decentralised identifier, did:…")),
            Type::Email => typed("string", Some("an e-mail address")),
            Type::Url => typed("string", Some("an absolute URL")),
            Type::Ip => typed("string", Some("an IP address")),
            Type::Path => typed("string", Some("an absolute path without `.`, `..` or repeated `/`")),
            Type::Time => typed("string", Some("a time in UTC, as 2026-01-31T09:30:00Z")),
            Type::Json => Map::new(),
            Type::EntityName { max } => {
                let mut schema = typed("string", None);
                schema.insert("minLength".to_owned(), json!(1));
                schema.insert("maxLength".to_owned(), json!(max));
                schema
            }
            Type::Choice(words) => {
                let mut schema = typed("string", None);
                schema.insert("enum".to_owned(), json!(words));
                schema
            }
            Type::List(member) | Type::Set(member) => self.array(member, domain, depth),
            Type::Batch(record) => self.array(&Type::Record(record.clone()), domain, depth),
            Type::Map(member) => self.map(member, domain, depth),
            Type::Record(name) => {
                let Some(record) = self.interface.records.get(name) else { return typed("object", None) };
                object(self.properties(&record.fields, &domain.fields, depth))
            }
        }
    }

    fn array(self, member: &Type, domain: &Domain, depth: u32) -> Map<String, Json> {
        let mut schema = typed("array", None);
        let members = domain.members.as_deref().cloned().unwrap_or_default();
        schema.insert("items".to_owned(), Json::Object(self.value(member, &members, depth)));
        schema
    }

    fn map(self, member: &Type, domain: &Domain, depth: u32) -> Map<String, Json> {
        let mut schema = typed("object", None);
        let unknown = Domain::default();
        schema.insert("additionalProperties".to_owned(), Json::Object(self.value(member, &unknown, depth)));
        let known = domain.fields.iter().filter(|(_, field)| !field.absent);
        let known: Map<_, _> =
            known.map(|(key, field)| (key.clone(), Json::Object(self.value(member, field, depth)))).collect();
        if !known.is_empty() {
            schema.insert("properties".to_owned(), Json::Object(known));
        }
        let required: Vec<_> =
            domain.fields.iter().filter(|(_, field)| field.present).map(|(key, _)| key).collect();
        if !required.is_empty() {
            schema.insert("required".to_owned(), json!(required));
        }
        if !domain.lacks.is_empty() {
            schema.insert("propertyNames".to_owned(), json!({ "not": { "enum": domain.lacks } }));
        }
        schema
    }
}

/// A closed object of these properties.
pub(crate) fn object(properties: Vec<Property>) -> Map<String, Json> {
    let mut schema = typed("object", None);
    let required: Vec<_> =
        properties.iter().filter(|(_, _, required)| *required).map(|(name, ..)| name.clone()).collect();
    let properties: Map<_, _> =
        properties.into_iter().map(|(name, schema, _)| (name, Json::Object(schema))).collect();
    schema.insert("properties".to_owned(), Json::Object(properties));
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    schema.insert("additionalProperties".to_owned(), json!(false));
    schema
}

/// The schema of one word.
pub(crate) fn constant(word: &str) -> Map<String, Json> {
    let mut schema = typed("string", None);
    schema.insert("const".to_owned(), json!(word));
    schema
}

fn typed(name: &str, description: Option<&str>) -> Map<String, Json> {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!(name));
    if let Some(description) = description {
        schema.insert("description".to_owned(), json!(description));
    }
    schema
}

fn integer(least: i64, range: Bounds, description: Option<String>) -> Map<String, Json> {
    let mut schema = typed("integer", description.as_deref());
    schema.insert("minimum".to_owned(), json!(range.least.map_or(least, |bound| bound.max(least))));
    schema
        .insert("maximum".to_owned(), json!(range.most.map_or(MAX_INTEGER, |bound| bound.min(MAX_INTEGER))));
    schema
}

fn amount(digits: u8, what: &str) -> Map<String, Json> {
    let mut schema = typed("string", Some(&format!("{what}, as text with {digits} fraction digits")));
    let fraction = if digits == 0 { String::new() } else { format!("\\.[0-9]{{{digits}}}") };
    schema.insert("pattern".to_owned(), json!(format!("^-?[0-9]+{fraction}$")));
    schema
}

fn patterns(schema: &mut Map<String, Json>, domain: &Domain) {
    let mut patterns = domain.patterns.iter();
    match (patterns.next(), patterns.next()) {
        (None, _) => {}
        (Some(one), None) => {
            schema.insert("pattern".to_owned(), json!(one));
        }
        (Some(_), Some(_)) => {
            let all: Vec<_> = domain.patterns.iter().map(|pattern| json!({ "pattern": pattern })).collect();
            schema.insert("allOf".to_owned(), json!(all));
        }
    }
}

/// Bounds of a size. A text's is in UTF-8 bytes, a schema's in characters, of which each has 1 to 4.
fn size(schema: &mut Map<String, Json>, ty: &Type, size: Bounds) {
    let (least, most, of_text) = match ty {
        Type::Text => ("minLength", "maxLength", true),
        // A set may be given with repetitions.
        Type::List(_) | Type::Batch(_) => ("minItems", "maxItems", false),
        Type::Set(_) => ("minItems", "", false),
        Type::Map(_) => ("minProperties", "maxProperties", false),
        Type::Bool
        | Type::Int
        | Type::Count
        | Type::Bytes
        | Type::Duration
        | Type::Decimal { .. }
        | Type::Money { .. }
        | Type::Host
        | Type::Did
        | Type::Email
        | Type::Url
        | Type::Ip
        | Type::Path
        | Type::Time
        | Type::Json
        | Type::EntityName { .. }
        | Type::Choice(_)
        | Type::Record(_) => return,
    };
    let at_least = size.least.filter(|bound| *bound > 0);
    let at_least = if of_text { at_least.map(|bytes| bytes.saturating_add(3) / 4) } else { at_least };
    if let Some(bound) = at_least {
        schema.insert(least.to_owned(), json!(bound));
    }
    if let Some(bound) = size.most.filter(|bound| *bound >= 0 && !most.is_empty()) {
        schema.insert(most.to_owned(), json!(bound));
    }
}

/// The text that stands for a name in a resource, of which `ty` is the type.
pub(crate) fn name(interface: &Interface, ty: &Type, domain: &Domain) -> Map<String, Json> {
    Writer { interface }.value(ty, domain, 0)
}
