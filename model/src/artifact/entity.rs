//! A resource as one text, for people.

use crate::canon::{Sink, TextWriter};
use crate::{Piece, Resource, Slot, Template, Tool};

/// The text of `resource`: its kind's template, filled with its names and the tool's scope. The
/// only text form that a resource has; nothing reads it back.
///
/// ```text
/// queue, ["orders-staging"]  ->  sb://contoso-staging.servicebus.windows.net/orders-staging
/// ```
///
/// A kind that the interface does not have gives the names, joined by `/`.
#[must_use]
pub fn entity(tool: &Tool, resource: &Resource) -> String {
    let Some(kind) = tool.interface.kinds.get(&resource.kind) else { return resource.names.join("/") };
    Entity::new(tool, &kind.template).expand(resource.names.iter().map(String::as_str))
}

impl Tool {
    /// What `hole` of a resource template stands for, if it is the scope's name.
    fn scope_text(&self, hole: &str) -> Option<String> {
        let scope = self.interface.scope.as_ref().filter(|scope| scope.name == hole)?;
        let values = scope.template.parameters.iter().zip(&self.scope);
        let lookup =
            |name: &str| values.clone().find(|((one, _), _)| one == name).map(|(_, value)| value.as_str());
        Some(scope.template.expand(lookup))
    }
}

/// A kind's template with the scope filled in.
pub(super) struct Entity<'p> {
    /// Literal text, and holes by index into the kind's parameters.
    parts: Vec<Part<'p>>,
}

enum Part<'p> {
    Text(&'p str),
    Scope(String),
    Hole(usize),
}

impl<'p> Entity<'p> {
    pub(super) fn new(tool: &'p Tool, template: &'p Template) -> Self {
        let mut parts = Vec::new();
        for piece in template.pieces() {
            parts.push(match piece {
                Piece::Text(text) => Part::Text(text),
                Piece::Hole { name, written } => {
                    match template.parameters.iter().position(|(one, _)| one == name) {
                        Some(index) => Part::Hole(index),
                        None => tool.scope_text(name).map_or(Part::Text(written), Part::Scope),
                    }
                }
            });
        }
        Self { parts }
    }

    pub(super) fn expand<'n>(&self, names: impl Iterator<Item = &'n str> + Clone) -> String {
        let mut out = String::new();
        for part in &self.parts {
            out.push_str(match part {
                Part::Text(text) => text,
                Part::Scope(text) => text,
                Part::Hole(index) => names.clone().nth(*index).unwrap_or_default(),
            });
        }
        out
    }

    /// Writes the text of exact `slots`.
    pub(super) fn write<S: Sink>(&self, text: &mut TextWriter<'_, S>, slots: &[Slot]) {
        for part in &self.parts {
            match part {
                Part::Text(literal) => text.part(literal),
                Part::Scope(literal) => text.part(literal),
                Part::Hole(index) => match slots.get(*index) {
                    Some(Slot::Exact(name)) => text.part(name),
                    Some(Slot::Any | Slot::Like(_)) | None => {}
                },
            }
        }
    }
}
