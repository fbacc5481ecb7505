//! The terms of a required approval.

use std::collections::BTreeMap;

use wpc_grammar::Span;
use wpc_grammar::syntax::{Setting, Value as Written};
use wpc_model::{Approver, Bind, Terms, Type, Uses, Value};

use super::Checker;
use super::condition::Spoken;
use crate::checked::Head;
use crate::interface::Known;
use crate::value::Reader;
use crate::words::{counted, one_of};
use crate::{Code, Diagnostic, shape};

const SETTINGS: &[&str] = &["by", "quorum", "within", "uses", "bind"];

/// Most people or uses that an approval may ask for.
const MAX_COUNT: i64 = 1_000_000;

impl<'a> Checker<'_, 'a, '_> {
    /// Reads the settings of `require approval of`.
    pub(super) fn terms(
        &mut self,
        settings: &'a [Setting],
        head: &Head,
        actions: &Spoken<'_>,
        known: &Known,
    ) -> Option<Terms> {
        let before = self.problems.count();
        let mut seen: BTreeMap<&str, &Setting> = BTreeMap::new();
        let mut incomplete = false;
        let mut terms =
            Terms { by: Vec::new(), quorum: 1, within_ms: 0, uses: Uses::Times(1), bind: Bind::Arguments };
        for setting in settings {
            let name = setting.name.text.as_str();
            if !self.is_new(setting, SETTINGS, &mut seen) {
                continue;
            }
            match name {
                "by" => incomplete |= !self.by(setting, &mut terms.by),
                "quorum" => {
                    if let Some(count) = self.count(setting) {
                        terms.quorum = u32::try_from(count).unwrap_or(u32::MAX);
                    }
                }
                "within" => {
                    if let Some(value) = self.only_value(setting, "a duration, such as `within 30 min`")
                        && let Some(Value::Int(ms)) = self.reader().constant(value, &Type::Duration)
                    {
                        if ms < 1 {
                            self.too_small(value.loc().0);
                        }
                        terms.within_ms = ms;
                    }
                }
                "uses" => self.uses(setting, &mut terms.uses),
                _ => self.bind(setting, actions, known, &mut terms.bind),
            }
        }
        for (needed, example) in [("by", "by did(\"did:key:…\")"), ("within", "within 30 min")] {
            if !seen.contains_key(needed) {
                self.problems.report(
                    Diagnostic::error(
                        Code::MissingSetting,
                        head.span,
                        format!("found an approval without `{needed}`"),
                        "incomplete",
                    )
                    .help(format!("add `{example}`")),
                );
            }
        }
        terms.by.sort();
        terms.by.dedup();
        let people = terms.by.iter().filter(|approver| matches!(approver, Approver::Did(_))).count();
        let open = people < terms.by.len();
        if self.problems.count() == before && !incomplete && !open && (terms.quorum as usize) > people {
            let place = seen.get("quorum").map_or(head.span, |setting| setting.loc.0);
            self.problems.report(
                Diagnostic::error(
                    Code::UnreachableQuorum,
                    place,
                    format!("found a quorum of {} among {}", terms.quorum, counted(people, "approver")),
                    "cannot be reached",
                )
                .help("name more approvers, or lower the quorum"),
            );
        }
        (self.problems.count() == before && !incomplete).then_some(terms)
    }

    fn reader(&mut self) -> Reader<'_, 'a, '_> {
        Reader::new(self.names, self.problems)
    }

    /// Whether the setting is known and was not there before; reports it otherwise.
    pub(super) fn is_new<'s>(
        &mut self,
        setting: &'s Setting,
        known: &[&str],
        seen: &mut BTreeMap<&'s str, &'s Setting>,
    ) -> bool {
        let name = setting.name.text.as_str();
        if !known.contains(&name) {
            let near = self.problems.nearest(name, known.iter().copied());
            self.problems.report(
                Diagnostic::error(
                    Code::UnknownSetting,
                    setting.name.loc.0,
                    format!("found unknown setting `{name}`"),
                    "no such setting here",
                )
                .help(near.unwrap_or_else(|| format!("use {}", one_of(known.iter().copied())))),
            );
            return false;
        }
        if let Some(first) = seen.get(name) {
            self.problems.report(
                Diagnostic::error(
                    Code::RepeatedSetting,
                    setting.loc.0,
                    format!("found `{name}` twice"),
                    "repeated",
                )
                .also(first.loc.0, "first set here")
                .help("keep one of them"),
            );
            return false;
        }
        seen.insert(name, setting);
        true
    }

    /// The one value of a setting.
    pub(super) fn only_value(&mut self, setting: &'a Setting, wanted: &str) -> Option<&'a Written> {
        if let [group] = setting.groups.as_slice()
            && let [value] = group.as_slice()
        {
            return Some(value);
        }
        let found = setting.groups.iter().map(Vec::len).sum::<usize>();
        self.problems.report(
            Diagnostic::error(
                Code::WrongCount,
                setting.loc.0,
                format!("found `{}` with {}, expected {wanted}", setting.name.text, counted(found, "value")),
                "too many or too few",
            )
            .help(format!("write {wanted}")),
        );
        None
    }

    fn count(&mut self, setting: &'a Setting) -> Option<i64> {
        let wanted = format!("one number, such as `{} 2`", setting.name.text);
        let value = self.only_value(setting, &wanted)?;
        let Value::Int(count) = self.reader().constant(value, &Type::Count)? else { return None };
        if count < 1 {
            self.too_small(value.loc().0);
            return None;
        }
        if count > MAX_COUNT {
            self.problems.report(Diagnostic::error(
                Code::OutOfRange,
                value.loc().0,
                format!("found {count}, expected at most {MAX_COUNT}"),
                "too many",
            ));
            return None;
        }
        Some(count)
    }

    pub(super) fn too_small(&mut self, span: Span) {
        self.problems.report(Diagnostic::error(
            Code::OutOfRange,
            span,
            "found nothing, expected at least one",
            "too small",
        ));
    }

    /// Adds the people of a setting; says whether all of them are known.
    fn by(&mut self, setting: &'a Setting, by: &mut Vec<Approver>) -> bool {
        if setting.groups.is_empty() {
            self.only_value(setting, "people, such as `by did(\"did:key:…\")`");
        }
        let mut complete = true;
        for value in setting.groups.iter().flatten() {
            match self.approver(value) {
                Some(approver) => by.push(approver),
                None => complete = false,
            }
        }
        complete
    }

    fn approver(&mut self, value: &'a Written) -> Option<Approver> {
        if let Written::Made(made) = value
            && made.name.text == "role"
        {
            let [role, issuer] = made.arguments.as_slice() else {
                self.problems.report(
                    Diagnostic::error(
                        Code::WrongCount,
                        made.loc.0,
                        format!("found `role` with {}, expected two", counted(made.arguments.len(), "value")),
                        "takes a role and its issuer",
                    )
                    .help("write `role(\"AP_Manager\", issuer)`"),
                );
                return None;
            };
            let role = self.reader().constant(role, &Type::Text);
            let issuer = self.reader().constant(issuer, &Type::Did);
            let (Value::Text(role), Value::Text(issuer)) = (role?, issuer?) else { return None };
            return Some(Approver::Role { role, issuer });
        }
        if let Written::Made(made) = value
            && made.name.text != "did"
        {
            let near = self.problems.nearest(&made.name.text, ["did", "role"]);
            self.problems.report(
                Diagnostic::error(
                    Code::UnknownName,
                    made.name.loc.0,
                    format!("found `{}(…)`, expected a person", made.name.text),
                    "names nobody",
                )
                .help(near.unwrap_or_else(|| "write `did(…)` or `role(…)`".to_owned())),
            );
            return None;
        }
        let Value::Text(did) = self.reader().constant(value, &Type::Did)? else { return None };
        Some(Approver::Did(did))
    }

    fn uses(&mut self, setting: &'a Setting, uses: &mut Uses) {
        if let [group] = setting.groups.as_slice()
            && let [value] = group.as_slice()
            && shape::word(value).is_some_and(|word| word.text == "unlimited")
        {
            *uses = Uses::Unlimited;
            return;
        }
        if let Some(count) = self.count(setting) {
            *uses = Uses::Times(u32::try_from(count).unwrap_or(u32::MAX));
        }
    }

    fn bind(&mut self, setting: &'a Setting, actions: &Spoken<'_>, known: &Known, bind: &mut Bind) {
        let mut names = Vec::new();
        let mut whole = false;
        for value in setting.groups.iter().flatten() {
            let Some(word) = shape::word(value) else {
                let found = crate::words::describe_value(value);
                self.problems.report(Diagnostic::error(
                    Code::WrongType,
                    value.loc().0,
                    format!("found {found}, expected `arguments` or the names of arguments"),
                    "not a name",
                ));
                continue;
            };
            let name = word.text.as_str();
            if name == "arguments" {
                whole = true;
                continue;
            }
            for (action_name, action) in actions {
                if !action.arguments.contains_key(name) && !known.is_broken(name) {
                    let near = self
                        .problems
                        .nearest(name, action.arguments.keys().map(String::as_str).chain(["arguments"]));
                    self.problems.report(
                        Diagnostic::error(
                            Code::UnknownArgument,
                            word.loc.0,
                            format!("found unknown argument `{name}`"),
                            format!("`{action_name}` has no such argument"),
                        )
                        .help(near.unwrap_or_else(|| "write `bind arguments` for all of them".to_owned())),
                    );
                    break;
                }
            }
            names.push(name.to_owned());
        }
        if whole && !names.is_empty() {
            self.problems.report(
                Diagnostic::error(
                    Code::RepeatedSetting,
                    setting.loc.0,
                    "found `arguments` beside the names of some of them",
                    "all and some at once",
                )
                .help("write `bind arguments` alone, or the names alone"),
            );
        } else if !whole && names.is_empty() && setting.groups.is_empty() {
            self.only_value(setting, "`bind arguments`, or the names of arguments");
        }
        *bind = if whole { Bind::Arguments } else { Bind::Some(names) };
    }
}
