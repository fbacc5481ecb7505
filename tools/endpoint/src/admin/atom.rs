//! Entries and feeds, and the descriptions in them.

use quick_xml::escape::escape;

use super::xml::{Element, leaf};
use crate::broker::Described;
use crate::broker::rule::{Filter, Rule};

const ATOM: &str = "http://www.w3.org/2005/Atom";
const SERVICE_BUS: &str = "http://schemas.microsoft.com/netservices/2010/10/servicebus/connect";
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// What an entity is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Queue,
    Topic,
    Subscription,
}

impl Kind {
    const fn element(self) -> &'static str {
        match self {
            Self::Queue => "QueueDescription",
            Self::Topic => "TopicDescription",
            Self::Subscription => "SubscriptionDescription",
        }
    }

    /// What a description is of.
    pub(super) fn of(element: &str) -> Option<Self> {
        [Self::Queue, Self::Topic, Self::Subscription].into_iter().find(|kind| kind.element() == element)
    }
}

/// The description in an entry.
pub(super) fn description(body: &str) -> Option<Element> {
    let entry = Element::parse(body).filter(|entry| entry.name == "entry")?;
    entry.child("content")?.children.first().cloned()
}

/// The settings of a description, in order.
pub(super) fn settings(description: &Element) -> Vec<(String, String)> {
    let leaves = description.children.iter().filter(|child| child.children.is_empty());
    leaves.map(|child| (child.name.clone(), child.text.clone())).collect()
}

/// An entry that describes an entity.
pub(super) fn entry(kind: Kind, described: &Described, messages: usize) -> String {
    let mut content = String::new();
    for (name, text) in &described.settings {
        leaf(&mut content, name, text);
    }
    if kind != Kind::Topic {
        leaf(&mut content, "MessageCount", &messages.to_string());
    }
    wrap(&described.name, kind.element(), &content)
}

/// An entry that describes a rule.
pub(super) fn rule_entry(rule: &Rule) -> String {
    let mut content = String::new();
    match &rule.filter {
        Filter::True => content.push_str(r#"<Filter i:type="TrueFilter"><SqlExpression>1=1</SqlExpression><CompatibilityLevel>20</CompatibilityLevel></Filter>"#),
        Filter::False => content.push_str(r#"<Filter i:type="FalseFilter"><SqlExpression>1=0</SqlExpression><CompatibilityLevel>20</CompatibilityLevel></Filter>"#),
        Filter::Sql(text) => {
            content.push_str(r#"<Filter i:type="SqlFilter">"#);
            leaf(&mut content, "SqlExpression", text);
            content.push_str("<CompatibilityLevel>20</CompatibilityLevel></Filter>");
        }
        Filter::Correlation { standard, properties } => {
            content.push_str(r#"<Filter i:type="CorrelationFilter">"#);
            standard.iter().for_each(|(name, value)| leaf(&mut content, name, value));
            content.push_str("<Properties>");
            for (name, value) in properties {
                content.push_str("<KeyValueOfstringanyType>");
                leaf(&mut content, "Key", name);
                content.push_str(&format!(
                    r#"<Value i:type="d6p1:string" xmlns:d6p1="http://www.w3.org/2001/XMLSchema">{}</Value>"#,
                    escape(value.as_str())
                ));
                content.push_str("</KeyValueOfstringanyType>");
            }
            content.push_str("</Properties></Filter>");
        }
    }
    match &rule.action {
        Some(text) => {
            content.push_str(r#"<Action i:type="SqlRuleAction">"#);
            leaf(&mut content, "SqlExpression", text);
            content.push_str("<CompatibilityLevel>20</CompatibilityLevel></Action>");
        }
        None => content.push_str(r#"<Action i:type="EmptyRuleAction"/>"#),
    }
    leaf(&mut content, "Name", &rule.name);
    wrap(&rule.name, "RuleDescription", &content)
}

fn wrap(title: &str, element: &str, content: &str) -> String {
    let title = escape(title);
    format!(
        r#"<entry xmlns="{ATOM}"><id>{title}</id><title type="text">{title}</title><content type="application/xml"><{element} xmlns="{SERVICE_BUS}" xmlns:i="{INSTANCE}">{content}</{element}></content></entry>"#
    )
}

/// A feed of entries. Where there is nothing, Azure answers with an empty one.
pub(super) fn feed(entries: &[String]) -> String {
    format!(r#"<feed xmlns="{ATOM}"><title type="text">feed</title><id>feed</id>{}</feed>"#, entries.concat())
}

/// The rule in a description.
pub(super) fn rule(name: &str, description: &Element) -> Option<Rule> {
    let filter = description.child("Filter")?;
    let expression = filter.text_of("SqlExpression").unwrap_or_default().to_owned();
    let filter = match filter.kind.as_deref()? {
        "TrueFilter" => Filter::True,
        "FalseFilter" => Filter::False,
        "SqlFilter" => Filter::Sql(expression),
        "CorrelationFilter" => correlation(filter),
        _ => return None,
    };
    let action = description.child("Action").filter(|action| action.kind.as_deref() == Some("SqlRuleAction"));
    let action = action.and_then(|action| action.text_of("SqlExpression")).map(str::to_owned);
    Some(Rule { name: name.to_owned(), filter, action })
}

fn correlation(filter: &Element) -> Filter {
    let standard = filter.children.iter().filter(|child| child.name != "Properties");
    let standard = standard.map(|child| (child.name.clone(), child.text.clone())).collect();
    let properties = filter.child("Properties").map(|all| all.children.as_slice()).unwrap_or_default();
    let properties = properties
        .iter()
        .filter_map(|one| Some((one.text_of("Key")?.to_owned(), one.text_of("Value")?.to_owned())));
    Filter::Correlation { standard, properties: properties.collect() }
}
