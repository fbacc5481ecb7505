//! Which schemas may be used: of one draft, whole, small, and linear in time.
//!
//! Every keyword applies its subschemas to a value, or to each of its parts, at most once. So a schema in
//! which every `$ref` is replaced by what it refers to takes, for each part of a value, at most so many
//! steps as it has parts. That there are few is checked here; that there are finitely many means that no
//! `$ref` leads back to itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

use super::keyword::{self, Form};
use super::pattern;
use crate::canon::Json;
use crate::place::Quoted;

/// Longest schema in canonical JSON, in bytes.
pub const MAX_SCHEMA_BYTES: usize = 64 * 1024;

/// Deepest nesting of a schema's JSON, and of schemas in one another once each `$ref` is followed.
pub const MAX_SCHEMA_DEPTH: usize = 32;

/// Most schemas and constants in a schema once each `$ref` is followed: steps for each part of a value.
pub const MAX_SCHEMA_PARTS: usize = 10_000;

/// The draft that schemas are of.
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The types of JSON values.
const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];

/// One step from a schema's root to a part of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SchemaStep {
    /// A member of an object.
    Member(String),
    /// An item of an array, from 0.
    Item(usize),
}

/// A JSON value is no schema that may be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SchemaError {
    /// Where.
    pub path: Vec<SchemaStep>,
    /// Whether the name of the last member is wrong, and not its value.
    pub of_name: bool,
    /// What is wrong, as in "found …".
    pub found: String,
    /// What to do.
    pub instead: String,
}

impl SchemaError {
    /// The place as a JSON pointer after a `#` (RFC 6901).
    #[must_use]
    pub fn pointer(&self) -> String {
        let mut pointer = "#".to_owned();
        for step in &self.path {
            pointer.push('/');
            match step {
                SchemaStep::Member(name) => push_escaped(&mut pointer, name),
                SchemaStep::Item(index) => {
                    let _ = write!(pointer, "{index}");
                }
            }
        }
        pointer
    }
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "has {} at {}", self.found, Quoted(&self.pointer()))
    }
}

impl std::error::Error for SchemaError {}

fn push_escaped(pointer: &mut String, name: &str) {
    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
}

/// Checks that `schema` is a JSON Schema of the draft 2020-12 which may be used.
///
/// ```
/// use wpc_model::canon::Json;
/// use wpc_model::check_schema;
/// let of = |keyword: &str| Json::object([("type", Json::from("object")), (keyword, Json::from(1_i64))]);
/// assert!(check_schema(&of("minProperties")).is_ok());
/// assert_eq!(check_schema(&of("minPropertys")).unwrap_err().pointer(), "#/minPropertys");
/// ```
///
/// # Errors
///
/// [`SchemaError`] with the first thing that is wrong: a keyword that the draft does not have, that readers
/// may ignore or that costs more than linear time; a value that its keyword cannot have; a reference to
/// something else than a schema in it, or in a circle; a pattern that `matches` refuses; too much of it.
pub fn check_schema(schema: &Json) -> Result<(), SchemaError> {
    let mut walk = Walk { path: Vec::new(), schemas: BTreeMap::new() };
    if !matches!(schema, Json::Object(_)) {
        return Err(walk.wrong("something that is no schema", "write an object of keywords"));
    }
    let bytes = schema.encode().len();
    if bytes > MAX_SCHEMA_BYTES {
        let found = format!("a schema of {bytes} bytes, more than {MAX_SCHEMA_BYTES}");
        return Err(walk.wrong(&found, "shorten it"));
    }
    walk.schema(schema)?;
    let mut sizes = BTreeMap::new();
    // Unused definitions too, so that no half of a schema is wrong without a word.
    let pointers: Vec<String> = walk.schemas.keys().cloned().collect();
    for pointer in &pointers {
        let size = walk.size(pointer, &mut sizes, &mut BTreeSet::new())?;
        if size.parts > MAX_SCHEMA_PARTS || size.depth > MAX_SCHEMA_DEPTH {
            return Err(walk.too_much(pointer));
        }
    }
    Ok(())
}

/// One way through a schema.
struct Walk {
    path: Vec<SchemaStep>,
    /// What was found where a schema stands, by its pointer.
    schemas: BTreeMap<String, Found>,
}

/// One schema, without those in it.
#[derive(Debug, Default)]
struct Found {
    path: Vec<SchemaStep>,
    /// Pointers of the schemas that it applies.
    applies: Vec<String>,
    /// Constants that it compares with.
    constants: usize,
    /// The pointer that its `$ref` names.
    refers: Option<String>,
}

/// How much a schema is with all that it applies.
#[derive(Clone, Copy, Debug, Default)]
struct Size {
    parts: usize,
    depth: usize,
}

impl Walk {
    fn wrong(&self, found: &str, instead: &str) -> SchemaError {
        let (found, instead) = (found.to_owned(), instead.to_owned());
        SchemaError { path: self.path.clone(), of_name: false, found, instead }
    }

    fn wrong_name(&self, found: &str, instead: &str) -> SchemaError {
        SchemaError { of_name: true, ..self.wrong(found, instead) }
    }

    fn pointer(&self) -> String {
        let (found, instead) = (String::new(), String::new());
        SchemaError { path: self.path.clone(), of_name: false, found, instead }.pointer()
    }

    fn within<T>(
        &mut self,
        step: SchemaStep,
        visit: impl FnOnce(&mut Self) -> Result<T, SchemaError>,
    ) -> Result<T, SchemaError> {
        self.path.push(step);
        let visited = visit(self)?;
        self.path.pop();
        Ok(visited)
    }

    fn member<T>(
        &mut self,
        name: &str,
        visit: impl FnOnce(&mut Self) -> Result<T, SchemaError>,
    ) -> Result<T, SchemaError> {
        self.within(SchemaStep::Member(name.to_owned()), visit)
    }

    /// A schema, and all that stand in it; gives its pointer.
    fn schema(&mut self, schema: &Json) -> Result<String, SchemaError> {
        if self.path.len() > MAX_SCHEMA_DEPTH {
            return Err(self.wrong("a schema that is too deep", "write a flatter schema"));
        }
        let pointer = self.pointer();
        let mut found = Found { path: self.path.clone(), ..Found::default() };
        match schema {
            Json::Bool(_) => {}
            Json::Object(keywords) => {
                for (keyword, value) in keywords {
                    self.member(keyword, |walk| walk.keyword(keyword, value, &mut found))?;
                }
            }
            Json::Null | Json::Integer(_) | Json::Text(_) | Json::Array(_) => {
                return Err(self.wrong("something that is no schema", "write an object of keywords"));
            }
        }
        self.schemas.insert(pointer.clone(), found);
        Ok(pointer)
    }

    fn keyword(&mut self, keyword: &str, value: &Json, found: &mut Found) -> Result<(), SchemaError> {
        let Some(form) = keyword::form(keyword) else {
            let near = nearest(keyword);
            let (what, instead) = keyword::refused(keyword);
            let instead = near.map_or_else(|| instead.to_owned(), |near| format!("did you mean `{near}`?"));
            return Err(self.wrong_name(what, &instead));
        };
        let is_root = self.path.len() == 1;
        match (form, value) {
            (Form::Words, Json::Text(_)) | (Form::Anything, _) | (Form::Flag, Json::Bool(_)) => {
                if keyword == "const" {
                    found.constants = found.constants.saturating_add(parts(value));
                }
                Ok(())
            }
            (Form::Dialect | Form::Address, _) if !is_root => {
                Err(self
                    .wrong_name("a schema with an address of its own", "remove it: a schema is one document"))
            }
            (Form::Dialect, Json::Text(draft)) => match draft.strip_suffix('#').unwrap_or(draft) {
                DRAFT => Ok(()),
                _ => Err(self.wrong("a schema of another draft", "write it in the draft 2020-12")),
            },
            (Form::Address, Json::Text(_)) => Ok(()),
            (Form::Reference, Json::Text(reference)) => {
                found.refers = Some(self.reference(reference)?);
                Ok(())
            }
            (Form::Types, value) => self.types(value),
            (Form::Values, Json::Array(values)) if !values.is_empty() => {
                if keyword == "enum" {
                    found.constants = found.constants.saturating_add(values.iter().map(parts).sum());
                }
                Ok(())
            }
            (Form::Number, Json::Integer(_)) => Ok(()),
            (Form::Positive, Json::Integer(number)) if *number >= 1 => Ok(()),
            (Form::Natural, Json::Integer(number)) if *number >= 0 => Ok(()),
            (Form::Pattern, Json::Text(text)) => self.pattern(text, false),
            (Form::Names, value) => self.names(value),
            (Form::NamesByName, Json::Object(members)) => {
                members.iter().try_for_each(|(name, names)| self.member(name, |walk| walk.names(names)))
            }
            (Form::Schema, schema) => {
                found.applies.push(self.schema(schema)?);
                Ok(())
            }
            (Form::Schemas, Json::Array(schemas)) if !schemas.is_empty() => {
                for (index, schema) in schemas.iter().enumerate() {
                    found.applies.push(self.within(SchemaStep::Item(index), |walk| walk.schema(schema))?);
                }
                Ok(())
            }
            (Form::SchemasByName | Form::SchemasByPattern, Json::Object(members)) => {
                for (name, schema) in members {
                    let pointer = self.member(name, |walk| {
                        if form == Form::SchemasByPattern {
                            walk.pattern(name, true)?;
                        }
                        walk.schema(schema)
                    })?;
                    // Definitions apply to nothing until they are referred to.
                    if keyword != "$defs" {
                        found.applies.push(pointer);
                    }
                }
                Ok(())
            }
            (form, _) => Err(self.wrong("a value that its keyword cannot have", expected(form))),
        }
    }

    fn pattern(&self, text: &str, of_name: bool) -> Result<(), SchemaError> {
        pattern::check(text).map_err(|error| {
            let found = format!("a pattern with {}", error.found);
            SchemaError { of_name, ..self.wrong(&found, error.instead) }
        })
    }

    fn types(&self, value: &Json) -> Result<(), SchemaError> {
        let is_type = |one: &Json| matches!(one, Json::Text(word) if TYPES.contains(&word.as_str()));
        let right = if let Json::Array(types) = value {
            !types.is_empty() && types.iter().all(is_type) && self.names(value).is_ok()
        } else {
            is_type(value)
        };
        if right {
            Ok(())
        } else {
            Err(self.wrong("a value that its keyword cannot have", expected(Form::Types)))
        }
    }

    fn names(&self, value: &Json) -> Result<(), SchemaError> {
        let wrong = || self.wrong("a value that its keyword cannot have", expected(Form::Names));
        let Json::Array(names) = value else { return Err(wrong()) };
        let mut seen = BTreeSet::new();
        let is_new = |name: &Json| matches!(name, Json::Text(name) if seen.insert(name.clone()));
        if names.iter().all(is_new) { Ok(()) } else { Err(wrong()) }
    }

    /// The pointer that a reference names.
    fn reference(&self, reference: &str) -> Result<String, SchemaError> {
        let local = reference == "#" || reference.starts_with("#/");
        if !local {
            let instead = "put what it refers to under `$defs`, and write `#/$defs/NAME`: nothing is fetched";
            return Err(self.wrong("a reference to something outside of this schema", instead));
        }
        // What needs no percent-encoding in a fragment (RFC 3986 section 3.5).
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"#/?-._~!$&'()*+,;=:@".contains(&byte);
        if !reference.bytes().all(plain) {
            let instead = "give the definition a name of ASCII letters, digits, `-`, `_` and `.`";
            return Err(self.wrong("a reference with characters that URIs escape", instead));
        }
        Ok(reference.to_owned())
    }

    /// How much the schema at `pointer` is; `open`: those that wait for it.
    fn size(
        &self,
        pointer: &str,
        known: &mut BTreeMap<String, Size>,
        open: &mut BTreeSet<String>,
    ) -> Result<Size, SchemaError> {
        if let Some(size) = known.get(pointer) {
            return Ok(*size);
        }
        let Some(found) = self.schemas.get(pointer) else { return Ok(Size::default()) };
        if open.len() > MAX_SCHEMA_DEPTH {
            return Err(self.too_much(pointer));
        }
        open.insert(pointer.to_owned());
        let mut size = Size { parts: found.constants.saturating_add(1), depth: 0 };
        for next in found.applies.iter().chain(&found.refers) {
            let at_reference = |what: &str, instead: &str| SchemaError {
                path: found.path.iter().cloned().chain([SchemaStep::Member("$ref".to_owned())]).collect(),
                of_name: false,
                found: what.to_owned(),
                instead: instead.to_owned(),
            };
            if !self.schemas.contains_key(next) {
                let instead = "refer to a schema that stands in this one, such as `#/$defs/NAME`";
                return Err(at_reference("a reference to no schema", instead));
            }
            if open.contains(next) {
                let instead = "write out as many levels as there may be: a schema ends, and so do values";
                return Err(at_reference("a reference that leads back to itself", instead));
            }
            let inner = self.size(next, known, open)?;
            size.parts = size.parts.saturating_add(inner.parts);
            size.depth = size.depth.max(inner.depth);
        }
        size.depth = size.depth.saturating_add(1);
        open.remove(pointer);
        known.insert(pointer.to_owned(), size);
        Ok(size)
    }

    fn too_much(&self, pointer: &str) -> SchemaError {
        SchemaError {
            path: self.schemas.get(pointer).map(|found| found.path.clone()).unwrap_or_default(),
            of_name: false,
            found: format!(
                "a schema of more than {MAX_SCHEMA_PARTS} parts, or more than {MAX_SCHEMA_DEPTH} deep, once each `$ref` is followed"
            ),
            instead: "write a smaller schema".to_owned(),
        }
    }
}

/// How many values a value is.
fn parts(value: &Json) -> usize {
    let within = match value {
        Json::Array(items) => items.iter().map(parts).sum(),
        Json::Object(members) => members.values().map(parts).sum(),
        Json::Null | Json::Bool(_) | Json::Integer(_) | Json::Text(_) => 0_usize,
    };
    within.saturating_add(1)
}

fn expected(form: Form) -> &'static str {
    match form {
        Form::Words | Form::Address => "write a text",
        Form::Anything => "write a value",
        Form::Flag => "write `true` or `false`",
        Form::Dialect => "write \"https://json-schema.org/draft/2020-12/schema\"",
        Form::Reference => "write a pointer, such as \"#/$defs/NAME\"",
        Form::Types => {
            "write \"array\", \"boolean\", \"integer\", \"null\", \"number\", \"object\" or \"string\", or a list of them"
        }
        Form::Values => "write a list of at least one value",
        Form::Number => "write a whole number",
        Form::Positive => "write a whole number from 1 on",
        Form::Natural => "write a whole number from 0 on",
        Form::Pattern => "write a pattern",
        Form::Names => "write a list of different names",
        Form::NamesByName => "write an object of lists of names",
        Form::Schema => "write a schema",
        Form::Schemas => "write a list of at least one schema",
        Form::SchemasByName | Form::SchemasByPattern => "write an object of schemas",
    }
}

/// A keyword that differs from `word` in letter case or in one place.
fn nearest(word: &str) -> Option<&'static str> {
    keyword::ALL
        .iter()
        .copied()
        .find(|known| known.eq_ignore_ascii_case(word) || (word.len() > 3 && differs_in_one(known, word)))
}

/// Whether one character more, less, other or in another order makes one of two words the other.
fn differs_in_one(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let same = one.iter().zip(other).take_while(|(left, right)| left == right).count();
    let rest = |of: &[u8], skip: usize| of.get(same.saturating_add(skip)..).map(<[u8]>::to_vec);
    let ends_alike = |left: usize, right: usize| {
        rest(one, left).zip(rest(other, right)).is_some_and(|(left, right)| left == right)
    };
    let swapped = one.get(same) == other.get(same.saturating_add(1))
        && one.get(same.saturating_add(1)) == other.get(same)
        && ends_alike(2, 2);
    ends_alike(1, 1) || ends_alike(1, 0) || ends_alike(0, 1) || swapped
}
