//! From a server's `tools/list` to an interface of the language.
//!
//! ```text
//! tools ──JSON Schema──▶ types ──▶ NAME.wpc           what policies speak of; the same for the same tools
//!   └────pin───────────────────▶ NAME.wpc.lock      what the gate demands of the server
//! ```
//!
//! Names, descriptions and schemas are an unknown server's: they are bounded, stripped of what hides or
//! re-orders text, and can say nothing but names, types and comments.

mod names;
pub(crate) mod text;
mod types;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use rmcp::model::Tool;
use wpc_model::Hash;

use crate::lock::Lock;
use crate::pin::pin;
use names::Names;
use types::{Field, Fields, Read, Record, Types};

/// Most tools of one server.
const MAX_TOOLS: usize = 1_000;

/// How a server is imported.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// Types of arguments, by `TOOL.ARGUMENT`: `read_file.path` is a `path`.
    pub types: BTreeMap<String, String>,
    /// Fields of results that are no outsider's word, `TOOL.FIELD`.
    pub trusted: BTreeSet<String>,
}

/// An imported interface.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Imported {
    /// The interface's file.
    pub text: String,
    /// The lock beside it, without policies.
    pub lock: Lock,
    /// Tools that cannot be expressed, and why.
    pub left_out: Vec<(String, String)>,
    /// Choices that nothing fits.
    pub unused: Vec<String>,
}

/// Importing failed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Code `too_large`.
    #[error("the server has more than {MAX_TOOLS} tools")]
    TooMany,
    /// Code `mcp_no_tools`.
    #[error("the server has no tool that can be expressed")]
    Nothing,
    /// What was written is no file of the language. Code `import_unreadable`.
    #[error("the imported interface cannot be read back: {0}")]
    Unreadable(String),
}

impl ImportError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooMany => "too_large",
            Self::Nothing => "mcp_no_tools",
            Self::Unreadable(_) => "import_unreadable",
        }
    }
}

/// A name for the interface of a server that calls itself `name`.
#[must_use]
pub fn interface_name(name: &str) -> String {
    text::identifier(&name.to_ascii_lowercase())
}

/// Writes the interface `name` of a server with these tools. The same tools and choices, in any order, give the
/// same text.
///
/// # Errors
///
/// [`ImportError`] if there is nothing that can be written.
pub fn import(name: &str, mut tools: Vec<Tool>, choices: &Choices) -> Result<Imported, ImportError> {
    if tools.len() > MAX_TOOLS {
        return Err(ImportError::TooMany);
    }
    tools.sort_by(|left, right| left.name.cmp(&right.name));
    let mut written = Written::new(choices, &tools);
    let mut lock = Lock::default();
    for at in 0..tools.len() {
        let (Some(tool), before) = (tools.get(at), at.checked_sub(1).and_then(|at| tools.get(at))) else {
            continue;
        };
        let after = at.checked_add(1).and_then(|at| tools.get(at));
        let repeated = [before, after].into_iter().flatten().any(|other| other.name == tool.name);
        match if repeated { Err("two tools have this name".to_owned()) } else { written.tool(tool) } {
            Ok(()) => drop(lock.tools.insert(tool.name.to_string(), pin(tool))),
            Err(why) => written.left_out.push((text::line(&tool.name), why)),
        }
    }
    if lock.tools.is_empty() {
        return Err(ImportError::Nothing);
    }
    let text = canonical(&written.file(name))?;
    lock.interface = Some(Hash::of(text.as_bytes()));
    lock.types = choices.types.clone();
    lock.trusted = choices.trusted.iter().cloned().collect();
    let asked = choices.types.keys().chain(&choices.trusted);
    let unused = asked.filter(|place| !written.used.contains(*place)).cloned().collect();
    Ok(Imported { text, lock, left_out: written.left_out, unused })
}

/// In the language's one layout.
fn canonical(text: &str) -> Result<String, ImportError> {
    let source = wpc_grammar::Source::new("imported.wpc", text);
    let file = wpc_grammar::parse(&source).map_err(|error| ImportError::Unreadable(error.to_string()))?;
    Ok(wpc_grammar::print(&file))
}

/// A file in the making.
struct Written<'a> {
    choices: &'a Choices,
    actions: String,
    records: Vec<Record>,
    names: Names,
    /// Names of actions, by the tools' own.
    actions_named: BTreeMap<String, String>,
    used: BTreeSet<String>,
    left_out: Vec<(String, String)>,
}

impl<'a> Written<'a> {
    /// Actions have their names first, since policies speak of them, and of records hardly ever; and of them
    /// those that keep their tool's name.
    fn new(choices: &'a Choices, tools: &[Tool]) -> Self {
        let mut names = Names::default();
        let (kept, made): (Vec<_>, Vec<_>) =
            tools.iter().map(|tool| tool.name.as_ref()).partition(|name| text::identifier(name) == *name);
        let named = |name: &str| (name.to_owned(), names.take(name));
        let actions_named = kept.into_iter().chain(made).map(named).collect();
        Self {
            choices,
            actions: String::new(),
            records: Vec::new(),
            names,
            actions_named,
            used: BTreeSet::new(),
            left_out: Vec::new(),
        }
    }

    fn tool(&mut self, tool: &Tool) -> Result<(), String> {
        let wire = tool.name.as_ref();
        if wire.is_empty() || wire.len() > 128 || !wire.chars().all(|one| matches!(one, ' '..='~')) {
            return Err("its name is empty, longer than 128 bytes, or not plain ASCII".to_owned());
        }
        // A reader would not see how it differs from another one.
        if wire.trim() != wire {
            return Err("its name begins or ends with a blank".to_owned());
        }
        let mut types = Types::new(&tool.input_schema, &self.choices.types, &mut self.names);
        let Fields { fields, left_out } = types.fields(&tool.input_schema, wire, 0);
        if let Some((name, _)) = left_out.iter().find(|(_, required)| *required) {
            return Err(format!("it requires `{name}`, which is no name that policies can have"));
        }
        let (mut records, mut used) = (types.records, types.used);
        let mut results = Vec::new();
        if let Some(schema) = &tool.output_schema {
            let mut types = Types::new(schema, &self.choices.types, &mut self.names);
            results = types.fields(schema, &format!("{wire}.result"), 0).fields;
            for field in &mut results {
                let place = format!("{wire}.{}", field.name.trim_matches('`'));
                field.trusted = self.choices.trusted.contains(&place);
                if field.trusted {
                    used.insert(place);
                }
            }
            records.append(&mut types.records);
            used.append(&mut types.used);
        }
        let name = self.actions_named.get(wire).cloned().unwrap_or_default();
        self.records.append(&mut records);
        self.used.append(&mut used);
        self.action(&name, wire, tool, &fields, &results, &left_out);
        Ok(())
    }

    fn action(
        &mut self,
        name: &str,
        wire: &str,
        tool: &Tool,
        fields: &[Field],
        results: &[Field],
        left_out: &[(String, bool)],
    ) {
        let out = &mut self.actions;
        out.push('\n');
        docs(out, "    ", &tool.description.as_deref().map(text::line).unwrap_or_default());
        for (name, _) in left_out {
            // Writing to a string cannot fail.
            let _infallible =
                writeln!(out, "    // Without `{name}`, which is no name that policies can have.");
        }
        let _infallible = write!(out, "    action {name}");
        if name != wire {
            let _infallible = write!(out, " = {}", text::quoted(wire));
        }
        block(out, fields);
        if !results.is_empty() {
            out.push_str(" result");
            block(out, results);
        }
        out.push('\n');
    }

    fn file(&self, name: &str) -> String {
        let mut out = String::from(
            "// Imported by `wpc import mcp`. Import again instead of changing it: the lock beside it holds its hash.\n",
        );
        for (tool, why) in &self.left_out {
            let _infallible = writeln!(out, "// Left out: `{tool}`, since {why}.");
        }
        let _infallible = writeln!(out, "tool {name} {{");
        for Record { name, fields } in &self.records {
            let _infallible = write!(out, "\n    record {name}");
            block(&mut out, fields);
            out.push('\n');
        }
        out.push_str(&self.actions);
        out.push_str("}\n");
        out
    }
}

fn docs(out: &mut String, margin: &str, words: &str) {
    if !words.is_empty() {
        let _infallible = writeln!(out, "{margin}/// {words}");
    }
}

fn block(out: &mut String, fields: &[Field]) {
    if fields.is_empty() {
        return;
    }
    out.push_str(" {\n");
    for Field { name, docs: words, read: Read { ty, nullable, notes }, required, trusted } in fields {
        docs(out, "        ", words);
        for note in notes {
            let _infallible = writeln!(out, "        // {note}");
        }
        let optional = if *required && !*nullable { "" } else { "?" };
        let trusted = if *trusted { " trusted" } else { "" };
        let _infallible = writeln!(out, "        {name}: {ty}{optional}{trusted}");
    }
    out.push_str("    }");
}
