//! JSON Schema as types of the language, and in words what they do not say.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};

use super::names::Names;
use super::text;

/// Deepest nesting of records and lists (`wpc_model::MAX_TYPE_DEPTH`), one less than policies may have.
const MAX_DEPTH: u32 = 7;
/// Most words of a choice.
const MAX_WORDS: usize = 200;
/// References that are followed one after another.
const MAX_REFERENCES: u32 = 16;

/// A type as it stands in a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Read {
    pub(crate) ty: String,
    /// It may be `null`.
    pub(crate) nullable: bool,
    /// What the type does not say, one thing a line.
    pub(crate) notes: Vec<String>,
}

impl Read {
    fn plain(ty: &str) -> Self {
        Self { ty: ty.to_owned(), nullable: false, notes: Vec::new() }
    }

    /// A value that no condition reads.
    fn json(why: impl Into<String>) -> Self {
        Self { notes: vec![why.into()], ..Self::plain("json") }
    }
}

/// A record that was read on the way.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) fields: Vec<Field>,
}

/// A field of a record, an argument, or a field of a result.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Field {
    /// As it stands in the file.
    pub(crate) name: String,
    pub(crate) docs: String,
    pub(crate) read: Read,
    pub(crate) required: bool,
    pub(crate) trusted: bool,
}

/// Reads the schemas of one tool.
pub(crate) struct Types<'a> {
    /// Where references lead.
    root: &'a Map<String, Json>,
    /// Types that were chosen, by place.
    chosen: &'a BTreeMap<String, String>,
    /// Places whose choice was used.
    pub(crate) used: BTreeSet<String>,
    pub(crate) records: Vec<Record>,
    names: &'a mut Names,
}

/// Fields that can be expressed, and the names of those that cannot, each with whether it is required.
pub(crate) struct Fields {
    pub(crate) fields: Vec<Field>,
    pub(crate) left_out: Vec<(String, bool)>,
}

impl<'a> Types<'a> {
    pub(crate) fn new(
        root: &'a Map<String, Json>,
        chosen: &'a BTreeMap<String, String>,
        names: &'a mut Names,
    ) -> Self {
        Self { root, chosen, used: BTreeSet::new(), records: Vec::new(), names }
    }

    /// The properties of an object, of which `place` is the path from the tool's name.
    pub(crate) fn fields(&mut self, schema: &Map<String, Json>, place: &str, depth: u32) -> Fields {
        let mut found = Fields { fields: Vec::new(), left_out: Vec::new() };
        let required: BTreeSet<&str> = schema
            .get("required")
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
            .filter_map(Json::as_str)
            .collect();
        let properties = schema.get("properties").and_then(Json::as_object);
        for (property, said) in properties.into_iter().flatten() {
            let is_required = required.contains(property.as_str());
            // Not the name that another property has.
            let free = |name: &String| {
                name == property || !properties.is_some_and(|properties| properties.contains_key(name))
            };
            let Some(name) = text::field_name(property).filter(free) else {
                found.left_out.push((text::line(property), is_required));
                continue;
            };
            let at = format!("{place}.{property}");
            let read = self.read(said, &at, depth, 0);
            let docs = said.get("description").and_then(Json::as_str).map(text::line).unwrap_or_default();
            found.fields.push(Field { name, docs, read, required: is_required, trusted: false });
        }
        found.fields.sort_by(|left, right| left.name.cmp(&right.name));
        found
    }

    fn read(&mut self, schema: &Json, place: &str, depth: u32, references: u32) -> Read {
        let Json::Object(members) = schema else {
            return Read::json("any JSON");
        };
        if let Some(reference) = members.get("$ref").and_then(Json::as_str) {
            return match self.find(reference) {
                Some(found) if references < MAX_REFERENCES => {
                    let found = found.clone();
                    self.read(&found, place, depth, references.saturating_add(1))
                }
                _ => Read::json("a reference that leads nowhere or in a circle"),
            };
        }
        let mut read = self.natural(members, place, depth, references);
        if let Some(chosen) = self.chosen.get(place) {
            self.used.insert(place.to_owned());
            if fits(&read, members, chosen) {
                read.ty.clone_from(chosen);
                read.notes.retain(|note| !note.starts_with(NUMBER));
            } else {
                read.notes.push(format!("`{chosen}` was asked for, and does not fit"));
            }
        }
        read.notes.extend(unsaid(members));
        read
    }

    fn natural(&mut self, schema: &Map<String, Json>, place: &str, depth: u32, references: u32) -> Read {
        if depth > MAX_DEPTH {
            return Read::json("nested too deep for a type");
        }
        for word in ["anyOf", "oneOf"] {
            if let Some(alternatives) = schema.get(word).and_then(Json::as_array) {
                return self.alternatives(alternatives, place, depth, references);
            }
        }
        if let Some([only]) = schema.get("allOf").and_then(Json::as_array).map(Vec::as_slice) {
            return self.read(only, place, depth, references.saturating_add(1));
        }
        if let Some(constant) = schema.get("const") {
            return words(std::slice::from_ref(constant));
        }
        if let Some(values) = schema.get("enum").and_then(Json::as_array) {
            return words(values);
        }
        let types: Vec<&str> = match schema.get("type") {
            Some(Json::String(one)) => vec![one],
            Some(Json::Array(several)) => several.iter().filter_map(Json::as_str).collect(),
            _ => Vec::new(),
        };
        let nullable = types.contains(&"null");
        let mut types = types.into_iter().filter(|name| *name != "null");
        let read = match (types.next(), types.next()) {
            (Some(one), None) => self.of_type(one, schema, place, depth),
            (None, _) if schema.contains_key("properties") => self.of_type("object", schema, place, depth),
            (None, _) => Read::json("any JSON"),
            (Some(_), Some(_)) => Read::json("one of several types"),
        };
        Read { nullable, ..read }
    }

    fn of_type(&mut self, name: &str, schema: &Map<String, Json>, place: &str, depth: u32) -> Read {
        match name {
            "boolean" => Read::plain("bool"),
            "integer" => {
                let natural = schema.get("minimum").and_then(Json::as_i64).is_some_and(|least| least >= 0);
                Read::plain(if natural { "count" } else { "int" })
            }
            "number" => {
                Read::json(format!("{NUMBER} that no condition reads: `--type {place}=int` or `decimal<2>`"))
            }
            "string" => string(schema),
            "array" => {
                let item = schema.get("items").filter(|item| !item.is_array());
                let deeper = depth.saturating_add(1);
                let item = item.map_or_else(
                    || Read::plain("json"),
                    |item| self.read(item, &format!("{place}[]"), deeper, 0),
                );
                let mut notes: Vec<_> =
                    item.notes.into_iter().map(|note| format!("members: {note}")).collect();
                if item.nullable {
                    notes.push("members: `null` is refused".to_owned());
                }
                Read { ty: format!("list<{}>", item.ty), nullable: false, notes }
            }
            "object" => self.object(schema, place, depth),
            _ => Read::json("a type that is not JSON's"),
        }
    }

    fn object(&mut self, schema: &Map<String, Json>, place: &str, depth: u32) -> Read {
        let has_properties = schema
            .get("properties")
            .and_then(Json::as_object)
            .is_some_and(|properties| !properties.is_empty());
        if !has_properties {
            return match schema.get("additionalProperties") {
                Some(values @ Json::Object(members)) if !members.is_empty() => {
                    let values = self.read(values, &format!("{place}{{}}"), depth.saturating_add(1), 0);
                    let notes = values.notes.into_iter().map(|note| format!("values: {note}")).collect();
                    Read { ty: format!("map<{}>", values.ty), nullable: false, notes }
                }
                _ => Read::json("any object"),
            };
        }
        let Fields { fields, left_out } = self.fields(schema, place, depth.saturating_add(1));
        if fields.is_empty() || left_out.iter().any(|(_, required)| *required) {
            return Read::json("an object with names that policies cannot have");
        }
        let name = self.names.take_record(place.trim_end_matches("[]"));
        let mut notes: Vec<_> =
            left_out.iter().map(|(name, _)| format!("without `{name}`, which is no name here")).collect();
        if schema.get("additionalProperties").is_some_and(|other| *other != Json::Bool(false)) {
            notes.push("other members are refused".to_owned());
        }
        self.records.push(Record { name: name.clone(), fields });
        Read { ty: name, nullable: false, notes }
    }

    /// `anyOf`: one of several, `null` maybe among them.
    fn alternatives(&mut self, alternatives: &[Json], place: &str, depth: u32, references: u32) -> Read {
        let is_null = |one: &&Json| one.get("type").and_then(Json::as_str) == Some("null");
        let nullable = alternatives.iter().any(|one| is_null(&one));
        let rest: Vec<&Json> = alternatives.iter().filter(|one| !is_null(one)).collect();
        let read = match rest.as_slice() {
            [only] => self.read(only, place, depth, references.saturating_add(1)),
            several => {
                let listed: Option<Vec<Json>> = several
                    .iter()
                    .map(|one| {
                        one.get("const")
                            .map(|one| vec![one.clone()])
                            .or_else(|| one.get("enum")?.as_array().cloned())
                    })
                    .collect::<Option<Vec<_>>>()
                    .map(|all| all.concat());
                listed.map_or_else(|| Read::json("one of several shapes"), |listed| words(&listed))
            }
        };
        Read { nullable: nullable || read.nullable, ..read }
    }

    fn find(&self, reference: &str) -> Option<&'a Json> {
        let mut parts = reference.strip_prefix("#/")?.split('/');
        let first = self.root.get(parts.next()?)?;
        parts.try_fold(first, |at, part| at.get(part.replace("~1", "/").replace("~0", "~")))
    }
}

/// How notes of numbers begin.
const NUMBER: &str = "a number";

fn string(schema: &Map<String, Json>) -> Read {
    match schema.get("format").and_then(Json::as_str) {
        Some("date-time") => {
            let note = "only in UTC, as 2026-01-31T09:30:00Z";
            Read { notes: vec![note.to_owned()], ..Read::plain("time") }
        }
        Some("email") => Read::plain("email"),
        Some("hostname") => Read::plain("host"),
        Some("ipv4" | "ipv6") => Read::plain("ip"),
        Some("uri" | "url") => Read::plain("url"),
        Some(other) => Read {
            notes: vec![format!("format `{}` is not looked at", text::line(other))],
            ..Read::plain("text")
        },
        None => Read::plain("text"),
    }
}

/// A list of values: a choice if all are words.
fn words(values: &[Json]) -> Read {
    let words: Option<BTreeSet<&str>> =
        values.iter().filter(|value| !value.is_null()).map(Json::as_str).collect();
    let nullable = values.iter().any(Json::is_null);
    let read = match words {
        Some(words) if (1..=MAX_WORDS).contains(&words.len()) => {
            let keys: Option<Vec<String>> = words.iter().map(|word| word_of(word)).collect();
            keys.map(|keys| Read::plain(&format!("choice {{ {} }}", keys.join(", "))))
        }
        _ => None,
    };
    let read = read.unwrap_or_else(|| Read::json("one of a few values that are not all words"));
    Read { nullable, ..read }
}

fn word_of(word: &str) -> Option<String> {
    let shown = text::name(word)?;
    Some(if shown.starts_with('`') { text::quoted(word) } else { shown })
}

/// Whether a chosen type reads what the schema's values are.
fn fits(read: &Read, schema: &Map<String, Json>, chosen: &str) -> bool {
    let name = |ty: &str| ty.split('<').next().unwrap_or_default().to_owned();
    let (from, to) = (name(&read.ty), name(chosen));
    let texts = ["text", "path", "url", "host", "email", "ip", "did", "entity_name", "time"];
    let numbers = ["int", "count", "bytes", "duration", "decimal"];
    let is_number = schema.get("type").and_then(Json::as_str) == Some("number");
    let inner = |ty: &str| Some(ty.strip_prefix("list<")?.strip_suffix('>')?.to_owned());
    match (inner(&read.ty), inner(chosen)) {
        (Some(from), Some(to)) => {
            let item = schema.get("items").and_then(Json::as_object).cloned().unwrap_or_default();
            fits(&Read::plain(&from), &item, &to)
        }
        (None, None) => {
            texts.contains(&from.as_str()) && texts.contains(&to.as_str())
                || (is_number || from == "int" || from == "count") && numbers.contains(&to.as_str())
        }
        _ => false,
    }
}

/// What of a schema no type says. The server still looks at it.
fn unsaid(schema: &Map<String, Json>) -> Vec<String> {
    const WORDS: &[&str] = &[
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "pattern",
        "minItems",
        "maxItems",
        "uniqueItems",
        "minProperties",
        "maxProperties",
        "default",
        "not",
        "contains",
        "patternProperties",
        "propertyNames",
        "if",
        "dependentRequired",
        "prefixItems",
    ];
    let said = WORDS.iter().filter_map(|word| {
        let value = schema.get(*word)?;
        if *word == "minimum" && value.as_i64() == Some(0) {
            return None;
        }
        Some(text::line(&format!("{word} {value}")))
    });
    said.collect()
}
