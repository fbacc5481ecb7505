//! Duties that an interface lays on policies: arguments that every allow must fix, and classes of
//! actions that stand alone, are approved, or bound the token's lifetime.

use std::collections::BTreeMap;
use std::sync::Arc;

use wpc_grammar::Span;
use wpc_model::{Action, Class, Comparison, Interface, Test};

use super::Checker;
use super::join::joined;
use crate::checked::{Actions, Checked, Join, Placed, Rule, Tool};
use crate::coverage::Coverage;
use crate::{Code, Diagnostic, extended};

/// An allow of an action and the tool it is of.
struct Allowed<'c> {
    tool_name: &'c str,
    tool: &'c Tool,
    rule: &'c Rule,
    action: &'c Arc<str>,
}

impl Checker<'_, '_, '_> {
    /// Reports duties that are not met. `lifetime` is where the token's lifetime is set; `before`
    /// how many problems there were before this policy.
    pub(super) fn duties(&mut self, checked: &Checked, lifetime: Option<Span>, before: usize) {
        for tool in checked.tools.values() {
            for join in &tool.joins {
                self.fixed(tool, join);
            }
        }
        let allowed = allowed(checked);
        self.alone(&allowed);
        self.short_lived(checked, &allowed, lifetime);
        if self.problems.count() == before {
            for (name, tool) in &checked.tools {
                self.approved(checked, name, tool);
            }
        }
    }

    /// `must_state`: some `==` of the allow, or of a require that joins it, says the value.
    fn fixed(&mut self, tool: &Tool, join: &Join) {
        let interface = tool.known.interface();
        let Some(action) = interface.actions.get(&*join.action) else { return };
        let Some(allow) = tool.allows.get(join.allow) else { return };
        let rules = joined(tool, allow, &join.requires);
        for name in must_state(action, interface) {
            let fixes = |placed: &Placed| {
                let subject = &placed.condition.subject;
                subject.name == name
                    && subject.steps.is_empty()
                    && subject.quantifier.is_none()
                    && matches!(placed.condition.test, Test::Compare(Comparison::Equal, _))
            };
            if rules.iter().any(|rule| rule.conditions.iter().any(fixes)) {
                continue;
            }
            let unfixed = Diagnostic::error(
                Code::UnfixedArgument,
                allow.head.span,
                format!("found an `allow` of `{}` that leaves `{name}` open", join.action),
                format!("must say which `{name}`"),
            );
            let unfixed =
                unfixed.also_at(tool.known.place(&format!("{}.{name}", join.action)), "must be stated");
            let help = format!("add `when {{ {name} == … }}`, or a `require` that says it");
            self.problems.report(unfixed.help(help).of_rule(allow.head.name()));
        }
    }

    /// `alone`: a policy that allows an action of the class allows nothing else.
    fn alone(&mut self, allowed: &[Allowed<'_>]) {
        let classes = |one: &Allowed<'_>| -> Vec<(String, String)> {
            let names = one.action().map(|action| action.classes.clone()).unwrap_or_default();
            names.into_iter().map(|class| (one.tool.known.interface().name.clone(), class)).collect()
        };
        let stands_alone = |one: &Allowed<'_>, (_, class): &(String, String)| {
            one.tool.known.interface().classes.get(class).is_some_and(|class| class.alone)
        };
        let Some((first, class)) = allowed.iter().find_map(|one| {
            classes(one).into_iter().find(|class| stands_alone(one, class)).map(|class| (one, class))
        }) else {
            return;
        };
        for other in allowed.iter().filter(|other| !classes(other).contains(&class)) {
            self.problems.report(
                Diagnostic::error(
                    Code::NotAlone,
                    other.rule.head.span,
                    format!(
                        "found an `allow` of `{}` beside one of `{}`, which must be alone",
                        other.action, first.action
                    ),
                    "one action too many",
                )
                .also(first.rule.head.span, format!("`{}` is of class `{}`", first.action, class.1))
                .help("move one of them into a policy of its own")
                .of_rule(other.rule.head.name()),
            );
        }
    }

    /// `lifetime`: the token lives no longer than the class admits.
    fn short_lived(&mut self, checked: &Checked, allowed: &[Allowed<'_>], place: Option<Span>) {
        let layers = checked.layers();
        let seconds = layers.iter().map(|layer| layer.auth.max_ttl_seconds).min().unwrap_or(i64::MAX);
        let lifetime_ms = seconds.saturating_mul(1_000);
        let strictest = allowed
            .iter()
            .flat_map(|one| one.classes().filter_map(move |class| Some((class.lifetime_ms?, one))))
            .filter(|(cap, _)| *cap < lifetime_ms)
            .min_by_key(|(cap, one)| (*cap, one.rule.head.span));
        let Some((cap, one)) = strictest else { return };
        self.problems.report(
            Diagnostic::error(
                Code::LivesTooLong,
                place.unwrap_or(checked.place),
                format!(
                    "found a token that lives {seconds} seconds, but `{}` admits {}",
                    one.action,
                    cap / 1_000
                ),
                "lives too long",
            )
            .also(one.rule.head.span, format!("allows `{}`", one.action))
            .help(format!("write `lifetime {} s` or less", cap / 1_000)),
        );
    }

    /// `approved`: each allow of the class is covered by a required approval that is always asked
    /// for when the allow holds, here or in what is extended.
    fn approved(&mut self, checked: &Checked, name: &str, tool: &Tool) {
        let interface = tool.known.interface();
        let mut approvals = Coverage::default();
        for (id, approval) in tool.approvals.iter().enumerate() {
            approvals.add(id, &Actions::Named(approval.actions.clone()), &approval.targets);
        }
        let mut reported: BTreeMap<(usize, &Arc<str>), ()> = BTreeMap::new();
        for join in &tool.joins {
            let Some(action) = interface.actions.get(&*join.action) else { continue };
            let needs = action
                .classes
                .iter()
                .any(|class| interface.classes.get(class).is_some_and(|class| class.approved));
            let Some(allow) = tool.allows.get(join.allow) else { continue };
            if !needs {
                continue;
            }
            let given: Vec<_> = joined(tool, allow, &join.requires)
                .iter()
                .flat_map(|rule| &rule.conditions)
                .map(|placed| &placed.condition)
                .collect();
            let always_asked = |id: &usize| {
                tool.approvals.get(*id).is_some_and(|approval| {
                    approval.conditions.iter().all(|placed| given.contains(&&placed.condition))
                })
            };
            let covered = join.targets.iter().all(|target| {
                approvals
                    .find(&join.action, target)
                    .is_ok_and(|found| found.covering.iter().any(always_asked))
                    || extended::asks(checked, name, &join.action, target, &given)
            });
            if !covered && reported.insert((join.allow, &join.action), ()).is_none() {
                self.problems.report(
                    Diagnostic::error(
                        Code::NotApproved,
                        allow.head.span,
                        format!("found an `allow` of `{}` that no required approval covers", join.action),
                        "must be approved",
                    )
                    .help(format!(
                        "add `require approval of {} {{ by did(\"…\"); within 30 min }}`",
                        join.action
                    ))
                    .of_rule(allow.head.name()),
                );
            }
        }
    }
}

impl<'c> Allowed<'c> {
    fn action(&self) -> Option<&'c Action> {
        self.tool.known.interface().actions.get(&**self.action)
    }

    fn classes(&self) -> impl Iterator<Item = &'c Class> {
        let names = self.action().into_iter().flat_map(|action| &action.classes);
        names.filter_map(|name| self.tool.known.interface().classes.get(name))
    }
}

/// Every action of every allow, in source order.
fn allowed(checked: &Checked) -> Vec<Allowed<'_>> {
    let mut all: Vec<Allowed<'_>> = Vec::new();
    for (tool_name, tool) in &checked.tools {
        for rule in &tool.allows {
            let Actions::Named(actions) = &rule.actions else { continue };
            all.extend(actions.iter().map(|action| Allowed { tool_name, tool, rule, action }));
        }
    }
    all.sort_by_key(|one| (one.rule.head.span, one.tool_name));
    all
}

/// The arguments and element fields of an action that allows must fix.
fn must_state<'i>(action: &'i Action, interface: &'i Interface) -> impl Iterator<Item = &'i str> {
    let of_batch = action.batch().and_then(|(_, record)| interface.records.get(record));
    let fields = of_batch.into_iter().flat_map(|record| &record.fields);
    action.arguments.iter().chain(fields).filter(|(_, field)| field.must_state).map(|(name, _)| name.as_str())
}
