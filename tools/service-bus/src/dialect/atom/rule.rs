//! Rules: a filter by which a subscription takes messages, and maybe an action that changes them.
//!
//! A rule's settings are flat: `SqlFilter`, or `CorrelationFilter.FIELD` and
//! `CorrelationFilter.Properties.NAME`; and `SqlAction`.

use std::collections::BTreeMap;

use quick_xml::escape::escape;

use super::element;
use super::read::Element;
use crate::BusError;

const SQL_FILTER: &str = "SqlFilter";
const SQL_ACTION: &str = "SqlAction";
const CORRELATION: &str = "CorrelationFilter.";
const PROPERTIES: &str = "CorrelationFilter.Properties.";

/// The fields of a correlation filter, in the order in which they are written.
const FIELDS: [&str; 8] =
    ["CorrelationId", "MessageId", "To", "ReplyTo", "Label", "SessionId", "ReplyToSessionId", "ContentType"];

/// The content of a rule's description.
pub(super) fn write(name: &str, settings: &BTreeMap<String, String>) -> Result<String, BusError> {
    let unknown = |setting: &str| BusError::UnknownSetting { setting: setting.to_owned(), of: "rule" };
    let is_known = |setting: &&String| {
        let field = setting.strip_prefix(CORRELATION);
        matches!(setting.as_str(), SQL_FILTER | SQL_ACTION)
            || field.is_some_and(|field| FIELDS.contains(&field))
            || setting.strip_prefix(PROPERTIES).is_some_and(|property| !property.is_empty())
    };
    if let Some(other) = settings.keys().find(|setting| !is_known(setting)) {
        return Err(unknown(other));
    }
    let correlates = settings.keys().any(|setting| setting.starts_with(CORRELATION));
    let mut out = String::new();
    match (settings.get(SQL_FILTER), correlates) {
        (Some(expression), false) => sql(&mut out, "Filter", "SqlFilter", expression),
        (None, true) => correlation(&mut out, settings),
        (Some(_), true) | (None, false) => return Err(unknown(SQL_FILTER)),
    }
    match settings.get(SQL_ACTION) {
        Some(expression) => sql(&mut out, "Action", "SqlRuleAction", expression),
        None => out.push_str(r#"<Action i:type="EmptyRuleAction"/>"#),
    }
    element(&mut out, "Name", name);
    Ok(out)
}

fn sql(out: &mut String, name: &str, kind: &str, expression: &str) {
    out.push_str(&format!(r#"<{name} i:type="{kind}">"#));
    element(out, "SqlExpression", expression);
    out.push_str(&format!("<CompatibilityLevel>20</CompatibilityLevel></{name}>"));
}

fn correlation(out: &mut String, settings: &BTreeMap<String, String>) {
    out.push_str(r#"<Filter i:type="CorrelationFilter">"#);
    for field in FIELDS {
        if let Some(value) = settings.get(&format!("{CORRELATION}{field}")) {
            element(out, field, value);
        }
    }
    out.push_str("<Properties>");
    for (setting, value) in settings {
        let Some(property) = setting.strip_prefix(PROPERTIES) else { continue };
        out.push_str("<KeyValueOfstringanyType>");
        element(out, "Key", property);
        out.push_str(&format!(
            r#"<Value i:type="d6p1:string" xmlns:d6p1="http://www.w3.org/2001/XMLSchema">{}</Value>"#,
            escape(value)
        ));
        out.push_str("</KeyValueOfstringanyType>");
    }
    out.push_str("</Properties></Filter>");
}

/// The settings of a description.
pub(super) fn read(description: &Element) -> Vec<(String, String)> {
    let mut settings = Vec::new();
    if let Some(filter) = description.child("Filter") {
        match filter.child("SqlExpression") {
            Some(expression) => settings.push((SQL_FILTER.to_owned(), expression.text.clone())),
            None => read_correlation(filter, &mut settings),
        }
    }
    let action = description.child("Action").and_then(|action| action.child("SqlExpression"));
    settings.extend(action.map(|expression| (SQL_ACTION.to_owned(), expression.text.clone())));
    settings
}

fn read_correlation(filter: &Element, settings: &mut Vec<(String, String)>) {
    for child in &filter.children {
        if FIELDS.contains(&child.name.as_str()) {
            settings.push((format!("{CORRELATION}{}", child.name), child.text.clone()));
        }
        if child.name != "Properties" {
            continue;
        }
        for one in &child.children {
            if let (Some(key), Some(value)) = (one.child("Key"), one.child("Value")) {
                settings.push((format!("{PROPERTIES}{}", key.text), value.text.clone()));
            }
        }
    }
}
