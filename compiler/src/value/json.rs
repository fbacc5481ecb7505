//! Values as written, read as JSON.

use std::collections::BTreeMap;

use wpc_grammar::Span;
use wpc_grammar::syntax::{self, Ident, Key};
use wpc_model::{Given, MAX_INTEGER, Value};

use super::Reader;
use crate::names::{Followed, Trail};
use crate::words::describe_value;
use crate::{Code, Diagnostic};

impl<'a> Reader<'_, 'a, '_> {
    /// An object of JSON; `label` says of what is none what it is not.
    pub(crate) fn object(&mut self, pairs: &'a [syntax::Pair], label: &str) -> Option<Given> {
        let read = pairs.iter().map(|pair| {
            let (Key::Word(Ident { text: key, loc, .. }) | Key::Text(syntax::Text { value: key, loc, .. })) =
                &pair.key;
            Some((key.clone(), *loc, self.json(&pair.value, label)?))
        });
        let read: Vec<_> = read.collect();
        let mut members = BTreeMap::new();
        for member in read {
            let (key, loc, value) = member?;
            if members.insert(key.clone(), value).is_some() {
                self.no_json(loc.0, format!("found `{key}` twice"), label, "keep one of them");
                return None;
            }
        }
        Some(Given::Map(members))
    }

    /// A value of JSON.
    pub(crate) fn json(&mut self, value: &'a syntax::Value, label: &str) -> Option<Given> {
        let mut trail = Trail { used: value.loc().0, declared: None };
        let written = match self.names.follow(value, &mut trail, self.problems)? {
            Followed::Given(_, Value::Text(text)) => return Some(Given::Text(text.clone())),
            Followed::Given(..) => value,
            Followed::Written(written) => written,
        };
        match written {
            syntax::Value::Bool(held, _) => Some(Given::Bool(*held)),
            syntax::Value::Text(text) => Some(Given::Text(text.value.clone())),
            syntax::Value::Quantity(quantity) if quantity.unit.is_none() => {
                let sign = if quantity.negative { "-" } else { "" };
                if let Some(fraction) = &quantity.fraction {
                    return Some(Given::OtherNumber(format!("{sign}{}.{fraction}", quantity.whole)));
                }
                let number = format!("{sign}{}", quantity.whole).parse().ok();
                let number = number.filter(|number: &i64| (-MAX_INTEGER..=MAX_INTEGER).contains(number));
                let other = || Given::OtherNumber(format!("{sign}{}", quantity.whole));
                Some(number.map_or_else(other, Given::Integer))
            }
            syntax::Value::List(values, _) => {
                let read: Vec<_> = values.iter().map(|one| self.json(one, label)).collect();
                read.into_iter().collect::<Option<_>>().map(Given::List)
            }
            syntax::Value::Object(pairs, _) => self.object(pairs, label),
            other @ (syntax::Value::Quantity(_) | syntax::Value::Made(_) | syntax::Value::Path(_)) => {
                let help = "write texts and numbers without a unit, as JSON has them: `\"25.00\"`";
                let found = format!("found {}, expected JSON", describe_value(other));
                self.no_json(trail.used, found, label, help);
                None
            }
        }
    }

    fn no_json(&mut self, span: Span, message: String, label: &str, help: &str) {
        self.problems.report(Diagnostic::error(Code::WrongType, span, message, label).help(help));
    }
}
