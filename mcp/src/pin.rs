//! What of a tool's definition is pinned: a server that changes it has changed what was reviewed.
//!
//! The hash covers `name`, `title`, `description`, `inputSchema`, `outputSchema` and `annotations`, as JSON with
//! sorted members (RFC 8785, but for numbers with a fraction, which stand as they are written).

use std::collections::BTreeMap;

use rmcp::model::Tool;
use serde_json::{Map, Value as Json};
use wpc_model::Hash;

use crate::lock::Lock;

/// The domain of these hashes.
const DOMAIN: &str = "wpc/mcp-tool/v1";

/// The hash of a definition.
#[must_use]
pub fn pin(tool: &Tool) -> Hash {
    let mut members = Map::new();
    members.insert("name".to_owned(), Json::from(tool.name.as_ref()));
    let mut add = |name: &str, value: Option<Json>| {
        if let Some(value) = value {
            members.insert(name.to_owned(), value);
        }
    };
    add("title", tool.title.clone().map(Json::from));
    add("description", tool.description.as_deref().map(Json::from));
    add("inputSchema", Some(Json::Object((*tool.input_schema).clone())));
    add("outputSchema", tool.output_schema.as_deref().cloned().map(Json::Object));
    add("annotations", tool.annotations.as_ref().and_then(|hints| serde_json::to_value(hints).ok()));
    let mut bytes = Vec::new();
    write(&Json::Object(members), &mut bytes);
    Hash::under(DOMAIN, &bytes)
}

fn write(value: &Json, out: &mut Vec<u8>) {
    match value {
        Json::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by(|(left, _), (right, _)| left.encode_utf16().cmp(right.encode_utf16()));
            out.push(b'{');
            for (at, (name, member)) in sorted.into_iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                scalar(&Json::from(name.as_str()), out);
                out.push(b':');
                write(member, out);
            }
            out.push(b'}');
        }
        Json::Array(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write(item, out);
            }
            out.push(b']');
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => scalar(value, out),
    }
}

fn scalar(value: &Json, out: &mut Vec<u8>) {
    // A scalar is always written.
    if let Ok(bytes) = serde_json::to_vec(value) {
        out.extend(bytes);
    }
}

/// A server's tools, as far as they are those that were imported.
#[derive(Clone, Debug, Default)]
pub(crate) struct Definitions {
    by_name: BTreeMap<String, Found>,
}

/// What became of one tool.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    /// It is as it was.
    Same(Box<Tool>),
    /// It is another one now.
    Changed,
}

impl Definitions {
    /// Compares what a server offers with what was imported. Of two tools with one name, neither is known.
    pub(crate) fn of(tools: Vec<Tool>, lock: &Lock) -> Self {
        let mut by_name = BTreeMap::new();
        for tool in tools {
            let Some(pinned) = lock.tools.get(tool.name.as_ref()) else { continue };
            let is_new = !by_name.contains_key(tool.name.as_ref());
            let name = tool.name.to_string();
            let found = if is_new && pin(&tool) == *pinned { Found::Same(Box::new(tool)) } else { Found::Changed };
            by_name.insert(name, found);
        }
        Self { by_name }
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Found> {
        self.by_name.get(name)
    }

    /// The names of tools that are not what was imported.
    pub(crate) fn changed(&self) -> impl Iterator<Item = &str> {
        self.by_name.iter().filter(|(_, found)| matches!(found, Found::Changed)).map(|(name, _)| name.as_str())
    }
}
