//! Classes of actions.

use wpc_grammar::syntax::{Ident, Setting, Value};
use wpc_model::{Class, Type};

use super::Builder;
use crate::{Code, Diagnostic, bounds, unit};

const DUTIES: &[&str] = &["alone", "approved", "lifetime"];

impl<'a> Builder<'a> {
    pub(super) fn class(&mut self, name: &'a Ident, duties: &[Setting]) {
        let first = self.class_names.insert(&name.text, name.loc.0);
        if let Some(first) = first {
            self.problems.report(
                Diagnostic::error(
                    Code::RepeatedName,
                    name.loc.0,
                    format!("found class `{}` twice in tool `{}`", name.text, self.interface.name),
                    "already taken",
                )
                .also(first, "first used here"),
            );
        }
        bounds::name(name, self.problems);
        let before = self.problems.count();
        let mut class = Class::default();
        for duty in duties {
            self.duty(duty, &mut class);
        }
        if first.is_none() && self.problems.count() == before {
            self.interface.classes.insert(name.text.clone(), class);
        } else {
            self.broken.insert(name.text.clone());
        }
    }

    fn duty(&mut self, duty: &Setting, class: &mut Class) {
        let name = duty.name.text.as_str();
        let repeated =
            match name {
                "alone" => std::mem::replace(&mut class.alone, true),
                "approved" => std::mem::replace(&mut class.approved, true),
                "lifetime" => class.lifetime_ms.is_some(),
                _ => {
                    let near = self.problems.nearest(name, DUTIES.iter().copied());
                    return self.problems.report(
                        Diagnostic::error(
                            Code::UnknownMark,
                            duty.name.loc.0,
                            format!("found unknown duty `{name}`"),
                            "no such duty",
                        )
                        .help(near.unwrap_or_else(|| {
                            format!("use {}", crate::words::one_of(DUTIES.iter().copied()))
                        })),
                    );
                }
            };
        if repeated {
            self.problems.report(Diagnostic::error(
                Code::RepeatedSetting,
                duty.loc.0,
                format!("found duty `{name}` twice"),
                "repeated",
            ));
        }
        let values: Vec<&Value> = duty.groups.iter().flatten().collect();
        match (name, values.as_slice()) {
            ("lifetime", [Value::Quantity(quantity)]) => match unit::integer(quantity, &Type::Duration) {
                Ok(ms) => class.lifetime_ms = Some(ms),
                Err(fault) => self.problems.report(fault.at(quantity.loc.0)),
            },
            ("lifetime", _) => self.problems.report(
                Diagnostic::error(
                    Code::WrongCount,
                    duty.loc.0,
                    "found `lifetime` without one duration",
                    "how long may a token live?",
                )
                .help("write a duration, such as `lifetime 1 h`"),
            ),
            (_, []) => {}
            (_, [first, ..]) => self.problems.report(Diagnostic::error(
                Code::WrongCount,
                first.loc().0,
                format!("found a value after `{name}`, expected nothing"),
                "does not belong here",
            )),
        }
    }
}
