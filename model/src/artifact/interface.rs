//! The used slice of an interface, as it stands in the artifact.

use std::collections::BTreeMap;

use crate::canon::{ObjectWriter, Sink, Writer};
use crate::{Action, Class, Constraint, Field, Interface, Returned, Template, Type};

/// Writes the slice; empty parts are left out.
pub(super) fn interface<S: Sink>(to: Writer<'_, S>, interface: &Interface) {
    to.object(|object| {
        section(object, "actions", &interface.actions, action);
        section(object, "classes", &interface.classes, |to, one| class(to, *one));
        section(object, "constraints", &interface.constraints, constraint);
        section(object, "kinds", &interface.kinds, |to, kind| {
            to.object(|object| template(object, &kind.template));
        });
        object.member("name").text(&interface.name);
        section(object, "records", &interface.records, |to, record| fields(to, &record.fields));
        if let Some(scope) = &interface.scope {
            object.member("scope").object(|object| {
                object.member("name").text(&scope.name);
                template(object, &scope.template);
            });
        }
    });
}

fn section<S: Sink, T>(
    object: &mut ObjectWriter<'_, S>,
    name: &str,
    entries: &BTreeMap<String, T>,
    mut write: impl FnMut(Writer<'_, S>, &T),
) {
    if entries.is_empty() {
        return;
    }
    object.member(name).object(|section| {
        for (name, entry) in entries {
            write(section.member(name), entry);
        }
    });
}

fn action<S: Sink>(to: Writer<'_, S>, action: &Action) {
    to.object(|object| {
        if !action.arguments.is_empty() {
            fields(object.member("arguments"), &action.arguments);
        }
        if !action.classes.is_empty() {
            object.member("classes").texts(action.classes.iter().map(String::as_str));
        }
        if !action.kinds.is_empty() {
            object.member("kinds").texts(action.kinds.iter().map(String::as_str));
        }
        if let Some(preposition) = action.preposition {
            object.member("preposition").text(preposition.word());
        }
        section(object, "results", &action.results, returned);
        if let Some(wire) = &action.wire {
            object.member("wire").text(wire);
        }
    });
}

fn returned<S: Sink>(to: Writer<'_, S>, field: &Returned) {
    to.object(|object| {
        flag(object, "optional", field.optional);
        flag(object, "trusted", field.trusted);
        ty(object.member("type"), &field.ty);
    });
}

fn class<S: Sink>(to: Writer<'_, S>, class: Class) {
    to.object(|object| {
        flag(object, "alone", class.alone);
        flag(object, "approved", class.approved);
        if let Some(ms) = class.lifetime_ms {
            object.member("lifetime_ms").integer(ms);
        }
    });
}

fn flag<S: Sink>(object: &mut ObjectWriter<'_, S>, name: &str, set: bool) {
    if set {
        object.member(name).bool(true);
    }
}

/// `["message_bytes","<="]`, `["properties","has"]`, `["messages","per job"]`.
fn constraint<S: Sink>(to: Writer<'_, S>, constraint: &Constraint) {
    to.texts([constraint.subject(), constraint.operator()]);
}

fn fields<S: Sink>(to: Writer<'_, S>, fields: &BTreeMap<String, Field>) {
    to.object(|object| {
        for (name, field) in fields {
            object.member(name).object(|object| {
                flag(object, "measured", field.measured);
                flag(object, "must_state", field.must_state);
                flag(object, "optional", field.optional);
                flag(object, "sealed", field.sealed);
                ty(object.member("type"), &field.ty);
            });
        }
    });
}

/// Members `parameters` and `template`.
fn template<S: Sink>(object: &mut ObjectWriter<'_, S>, template: &Template) {
    object.member("parameters").array(|array| {
        for (name, parameter) in &template.parameters {
            array.item().array(|pair| {
                pair.item().text(name);
                ty(pair.item(), parameter);
            });
        }
    });
    object.member("template").text(&template.text);
}

impl Type {
    /// Its one spelling, as in the artifact: the word (`bytes`), or canonical JSON where there is more to
    /// say (`{"entity_name":260}`).
    ///
    /// ```
    /// use wpc_model::Type;
    /// assert_eq!(Type::Bytes.to_text(), "bytes");
    /// assert_eq!(Type::List(Box::new(Type::Email)).to_text(), r#"{"list":"email"}"#);
    /// ```
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut bytes = Vec::new();
        ty(Writer::new(&mut bytes), self);
        if bytes.first() == Some(&b'"') {
            return self.word().to_owned();
        }
        // The writer writes UTF-8.
        String::from_utf8(bytes).unwrap_or_default()
    }
}

/// `"bytes"`, `{"entity_name":260}`, `{"list":"text"}`.
fn ty<S: Sink>(to: Writer<'_, S>, of: &Type) {
    let word = of.word();
    match of {
        Type::Decimal { scale } => to.object(|object| object.member(word).integer(i64::from(*scale))),
        Type::Money { currency } => to.object(|object| object.member(word).text(currency)),
        Type::EntityName { max } => to.object(|object| object.member(word).integer(i64::from(*max))),
        Type::Choice(words) => {
            to.object(|object| object.member(word).texts(words.iter().map(String::as_str)))
        }
        Type::List(member) | Type::Set(member) | Type::Map(member) => {
            to.object(|object| ty(object.member(word), member));
        }
        Type::Record(name) | Type::Batch(name) => to.object(|object| object.member(word).text(name)),
        Type::Bool
        | Type::Int
        | Type::Count
        | Type::Bytes
        | Type::Duration
        | Type::Text
        | Type::Host
        | Type::Did
        | Type::Email
        | Type::Url
        | Type::Ip
        | Type::Path
        | Type::Time
        | Type::Json => to.text(word),
    }
}
