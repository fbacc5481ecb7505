//! Who approved a call of a test.

use std::collections::BTreeSet;

use wpc_grammar::Span;
use wpc_grammar::syntax::{Made, Setting, Value as Written};
use wpc_model::{Type, Value};

use super::Checker;
use super::steps::Steps;
use crate::testing::{Signed, Step};
use crate::{Code, Diagnostic, shape};

/// How an approval is written.
const FORM: &str = "`approved by did(…)`, `… as role(\"R\", issuer)`, `… at \"2026-01-31T12:00:00Z\"`";

impl<'a> Checker<'_, 'a, '_> {
    /// `approved by did(a), did(b) as role("AP_Manager", issuer) at "2026-01-31T09:00:00Z"`: who
    /// approved the call above, in which role, and when it was asked for and signed; at the call's own
    /// time unless it says when.
    pub(super) fn approved_by(&mut self, setting: &'a Setting, steps: &mut Steps) {
        let mut people = Vec::new();
        let now = match steps.step() {
            Some(Step::Call { asked, .. }) => asked.at,
            Some(Step::Given { .. } | Step::Input { .. } | Step::Expect(_)) | None => 0,
        };
        for (index, group) in setting.groups.iter().enumerate() {
            let group = match (index, group.as_slice()) {
                (0, [by, rest @ ..]) if is_word(by, "by") => rest,
                (0, _) => return self.no_approval(setting.loc.0),
                (_, group) => group,
            };
            let Some(signed) = self.signed(group, now, setting.loc.0) else { return };
            people.push(signed);
        }
        if people.is_empty() {
            return self.no_approval(setting.loc.0);
        }
        if let Some(Step::Call { asked, .. }) = steps.step() {
            asked.signed = people;
        }
    }

    /// One person of it.
    fn signed(&mut self, group: &'a [Written], now: i64, whole: Span) -> Option<Signed> {
        let [person, rest @ ..] = group else {
            self.no_approval(whole);
            return None;
        };
        let Value::Text(approver) = self.read(person, &Type::Did)? else { return None };
        let mut signed = Signed { approver, roles: BTreeSet::new(), at: now };
        let mut rest = rest;
        while let [word, value, after @ ..] = rest {
            if is_word(word, "at") {
                let Value::Int(at) = self.read(value, &Type::Time)? else { return None };
                signed.at = at;
            } else if let Some(made) = role_of(word, value) {
                signed.roles.insert(self.role(made)?);
            } else {
                self.no_approval(word.loc().0);
                return None;
            }
            rest = after;
        }
        if let [left] = rest {
            self.no_approval(left.loc().0);
            return None;
        }
        Some(signed)
    }

    /// `role("AP_Manager", issuer)`.
    fn role(&mut self, made: &'a Made) -> Option<(String, String)> {
        let [role, issuer] = made.arguments.as_slice() else {
            self.no_approval(made.loc.0);
            return None;
        };
        let (role, issuer) = (self.read(role, &Type::Text), self.read(issuer, &Type::Did));
        let (Value::Text(role), Value::Text(issuer)) = (role?, issuer?) else { return None };
        Some((role, issuer))
    }

    fn no_approval(&mut self, place: Span) {
        self.problems.report(
            Diagnostic::error(
                Code::UnknownSetting,
                place,
                format!("found something else, expected {FORM}"),
                "not who approved",
            )
            .help("write `approved by did(\"did:key:…\")`"),
        );
    }
}

/// `as role(…)`.
fn role_of<'a>(word: &Written, value: &'a Written) -> Option<&'a Made> {
    let Written::Made(made) = value else { return None };
    Some(made).filter(|made| is_word(word, "as") && made.name.text == "role")
}

fn is_word(value: &Written, word: &str) -> bool {
    shape::word(value).is_some_and(|found| found.text == word)
}
