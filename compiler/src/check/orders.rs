//! `separate` and `before`.

use std::collections::BTreeMap;
use std::sync::Arc;

use wpc_grammar::Span;
use wpc_grammar::syntax::{self, ActionRef, Path, Quantity, Statement, Step};
use wpc_model::{Action, Before, Origin, Same, ToolAction, Type};

use super::Checker;
use crate::checked::{Actions, Doing, Order, Sequence, Target};
use crate::interface::Known;
use crate::resolve::{self, Bound, Ordered, Policy, What};
use crate::unit;
use crate::words::{describe, one_of};
use crate::{Code, Diagnostic};

/// One action that a statement names.
struct Named<'r> {
    tool: &'r str,
    name: Arc<str>,
    action: &'r Action,
    known: &'r Arc<Known>,
    /// Where it is written.
    span: Span,
}

impl Named<'_> {
    fn as_model(&self) -> ToolAction {
        ToolAction { tool: self.tool.to_owned(), action: self.name.to_string() }
    }
}

impl<'a> Checker<'_, 'a, '_> {
    /// Checks all orders; also says whether all of them were sound.
    pub(super) fn orders(&mut self, policy: &Policy<'a>) -> (Vec<Order>, bool) {
        let mut orders = Vec::new();
        for ordered in &policy.orders {
            let outer = self.problems.enter(ordered.head.shared_name());
            orders.extend(self.order(ordered, policy));
            self.problems.leave(outer);
        }
        let whole = orders.len() == policy.orders.len();
        if whole {
            self.circles(&orders);
        }
        (orders, whole)
    }

    fn order(&mut self, ordered: &Ordered<'a>, policy: &Policy<'a>) -> Option<Order> {
        let sequence = match ordered.statement {
            Statement::Separate { first, second } => {
                let first = self.side(&first.0, first.1.as_ref(), ordered, policy);
                let second = self.side(&second.0, second.1.as_ref(), ordered, policy);
                let (first, second) = (first?, second?);
                self.apart(&first, &second, ordered)?;
                Sequence::Separate([first, second])
            }
            Statement::Before { later, earlier, with, within, once } => {
                let both = (self.named(later, ordered, policy), self.named(earlier, ordered, policy));
                let (later, earlier) = (both.0?, both.1?);
                let within = within.as_ref().map(|within| self.within(within));
                let before = self.before(&later, &earlier, with);
                let within_ms = within.map_or(Some(None), |within| within.map(Some))?;
                Sequence::Before(Before { within_ms, once: *once, ..before? })
            }
            Statement::Allow { .. }
            | Statement::Deny { .. }
            | Statement::Require { .. }
            | Statement::Approval { .. }
            | Statement::Limit { .. } => return None,
        };
        Some(Order { head: ordered.head.clone(), sequence })
    }

    /// The action that `written` names, in the statement's own tool or another one of the policy.
    fn named<'r>(
        &mut self,
        written: &ActionRef,
        ordered: &Ordered<'a>,
        policy: &'r Policy<'a>,
    ) -> Option<Named<'r>> {
        let of = written.tool.as_ref().map(|tool| tool.text.as_str()).or(ordered.tool);
        let Some(of) = of else {
            let action = &written.action.text;
            let owner = policy.tools.iter().find(|one| one.known.interface().actions.contains_key(action));
            let help = owner.map_or_else(
                || format!("write `TOOL.{action}`"),
                |owner| format!("write `{}.{action}`", owner.name.text),
            );
            self.problems.report(
                Diagnostic::error(
                    Code::OutsideTool,
                    written.loc.0,
                    format!("found `{action}` outside a tool"),
                    "of which tool?",
                )
                .help(help),
            );
            return None;
        };
        let Some(bound) = policy.tools.iter().find(|one| one.name.text == of) else {
            if !policy.missing.contains(&of) {
                self.unknown_tool(written, of, policy);
            }
            return None;
        };
        let known = &bound.known;
        let Some((name, action)) = known.interface().actions.get_key_value(&written.action.text) else {
            if !known.is_broken(&written.action.text) {
                resolve::unknown_action(&written.action, known, self.problems);
            }
            return None;
        };
        let name = Arc::from(name.as_str());
        Some(Named { tool: &bound.name.text, name, action, known, span: written.loc.0 })
    }

    fn unknown_tool(&mut self, written: &ActionRef, of: &str, policy: &Policy<'a>) {
        let tools = || policy.tools.iter().map(|one: &Bound<'a>| one.name.text.as_str());
        let near = self.problems.nearest(of, tools());
        let span = written.tool.as_ref().map_or(written.loc.0, |tool| tool.loc.0);
        self.problems.report(
            Diagnostic::error(
                Code::UnknownTool,
                span,
                format!("found unknown tool `{of}`"),
                "this policy has no such tool",
            )
            .help(near.unwrap_or_else(|| format!("use {}", one_of(tools())))),
        );
    }

    /// One side of a `separate`, by tool.
    fn side(
        &mut self,
        actions: &'a [ActionRef],
        target: Option<&'a syntax::Target>,
        ordered: &Ordered<'a>,
        policy: &Policy<'a>,
    ) -> Option<Vec<Doing>> {
        let named: Vec<_> = actions.iter().map(|one| self.named(one, ordered, policy)).collect();
        let named: Vec<Named<'_>> = named.into_iter().collect::<Option<_>>()?;
        let mut by_tool: BTreeMap<&str, Vec<&Named<'_>>> = BTreeMap::new();
        for one in &named {
            let of_tool = by_tool.entry(one.tool).or_default();
            if of_tool.iter().any(|other| other.name == one.name) {
                let repeated = format!("found `{}` twice", one.name);
                self.problems.report(
                    Diagnostic::error(Code::RepeatedName, one.span, repeated, "repeated")
                        .help("remove one of them"),
                );
                return None;
            }
            of_tool.push(one);
        }
        if let Some(target) = target
            && by_tool.len() > 1
        {
            self.problems.report(
                Diagnostic::error(
                    Code::UnfitOrder,
                    target.loc.0,
                    "found resources of actions of several tools",
                    "of which tool are they?",
                )
                .help("write one `separate` for each tool"),
            );
            return None;
        }
        let mut side = Vec::new();
        for (tool, of_tool) in by_tool {
            let spoken: Vec<(Arc<str>, &Action)> =
                of_tool.iter().map(|one| (one.name.clone(), one.action)).collect();
            let names: Vec<Arc<str>> = spoken.iter().map(|(name, _)| name.clone()).collect();
            let known = of_tool.first().map(|one| one.known)?;
            let actions = Actions::Named(names.clone());
            let targets = self.targets(target, What::Deny, &ordered.head, &actions, &spoken, known)?;
            side.push(Doing { tool: tool.to_owned(), actions: names, targets });
        }
        Some(side)
    }

    /// Nothing is on both sides.
    fn apart(&mut self, first: &[Doing], second: &[Doing], ordered: &Ordered<'a>) -> Option<()> {
        for (one, other) in first.iter().flat_map(|one| second.iter().map(move |other| (one, other))) {
            let shared = one.actions.iter().find(|action| other.actions.contains(action));
            if let Some(action) = shared
                && one.tool == other.tool
                && meet(&one.targets, &other.targets)
            {
                self.problems.report(
                    Diagnostic::error(
                        Code::UnfitOrder,
                        ordered.head.span,
                        format!("found `{action}` on both sides of a `separate`"),
                        "can never go ahead",
                    )
                    .help(format!("name `{action}` on one side, or each with resources of its own")),
                );
                return None;
            }
        }
        Some(())
    }

    fn within(&mut self, within: &Quantity) -> Option<i64> {
        match unit::integer(within, &Type::Duration) {
            Ok(0) => {
                let message = "found a `within` of no length";
                self.problems.report(
                    Diagnostic::error(Code::ZeroLimit, within.loc.0, message, "holds nothing")
                        .help("write a longer one, such as `within 1 h`"),
                );
                None
            }
            Ok(ms) => Some(ms),
            Err(fault) => {
                self.problems.report(fault.at(within.loc.0));
                None
            }
        }
    }

    fn before(&mut self, later: &Named<'_>, earlier: &Named<'_>, with: &'a [syntax::Same]) -> Option<Before> {
        let mut unfit = |span, message: String, label: &str, help: &str| {
            self.problems.report(Diagnostic::error(Code::UnfitOrder, span, message, label).help(help));
        };
        if later.as_model() == earlier.as_model() {
            let message = format!("found `{}` waiting for itself", later.name);
            unfit(earlier.span, message, "never the first time", "name what must be done first");
            return None;
        }
        let mut before = Before {
            later: later.as_model(),
            earlier: earlier.as_model(),
            same_resource: false,
            same: Vec::new(),
            within_ms: None,
            once: false,
        };
        let mut sound = true;
        for one in with {
            match one {
                syntax::Same::Word(word) if word.text == "resource" => {
                    let shared = |kind: &String| earlier.action.kinds.contains(kind);
                    if later.tool != earlier.tool || !later.action.kinds.iter().any(shared) {
                        let message = format!(
                            "found `same resource` of `{}` and `{}`, which never have the same one",
                            later.name, earlier.name
                        );
                        let help = "compare an argument instead, such as `name == ACTION.name`";
                        self.problems.report(
                            Diagnostic::error(Code::UnfitOrder, word.loc.0, message, "never the same")
                                .help(help),
                        );
                        sound = false;
                    } else if before.same_resource {
                        let message = "found `same resource` twice";
                        self.problems.report(
                            Diagnostic::error(Code::RepeatedSetting, word.loc.0, message, "repeated")
                                .help("remove one of them"),
                        );
                        sound = false;
                    }
                    before.same_resource = true;
                }
                syntax::Same::Word(word) => {
                    let message = format!("found `same {}`, expected `same resource`", word.text);
                    self.problems.report(
                        Diagnostic::error(
                            Code::UnknownSetting,
                            word.loc.0,
                            message,
                            "nothing that two calls share",
                        )
                        .help(format!(
                            "write `same resource`, or `{} == {}.{}`",
                            word.text, earlier.name, word.text
                        )),
                    );
                    sound = false;
                }
                syntax::Same::Equal(left, right) => match self.same(left, right, later, earlier) {
                    Some(same) => before.same.push(same),
                    None => sound = false,
                },
            }
        }
        sound.then_some(before)
    }

    /// `x == A.y`.
    fn same(
        &mut self,
        left: &'a Path,
        right: &'a Path,
        later: &Named<'_>,
        earlier: &Named<'_>,
    ) -> Option<Same> {
        let form = |span| {
            Diagnostic::error(
                Code::UnfitSame,
                span,
                format!("found something other than `ARGUMENT == {}.RESULT`", earlier.name),
                "cannot be compared",
            )
            .help(format!(
                "write an argument of `{}` on the left, and on the right `{}.` and what it returned or was given",
                later.name, earlier.name
            ))
        };
        let Some(name) = of_earlier(right, earlier) else {
            self.problems.report(form(right.loc.0));
            return None;
        };
        if !left.steps.is_empty() {
            self.problems.report(form(left.loc.0));
            return None;
        }
        let argument = &left.head;
        let Some(field) = later.action.arguments.get(&argument.text) else {
            self.without(argument, &later.name, later.action.arguments.keys(), later.known);
            return None;
        };
        let found = match (earlier.action.results.get(&name.text), earlier.action.arguments.get(&name.text)) {
            (Some(result), _) => (Origin::Result(name.text.clone()), &result.ty, false),
            (None, Some(field)) => (Origin::Argument(name.text.clone()), &field.ty, field.sealed),
            (None, None) => {
                let known = earlier.action.results.keys().chain(earlier.action.arguments.keys());
                self.without(name, &earlier.name, known, earlier.known);
                return None;
            }
        };
        let (with, ty, sealed) = found;
        let mut unfit = |span, message: String, label: &str, help: &str| {
            self.problems.report(Diagnostic::error(Code::UnfitSame, span, message, label).help(help));
        };
        let unread = |ty: &Type| matches!(ty, Type::Batch(_) | Type::Json);
        if field.sealed || sealed || unread(&field.ty) || unread(ty) {
            let (ident, ty) =
                if field.sealed || unread(&field.ty) { (argument, &field.ty) } else { (name, ty) };
            let message = format!("found `{}`, a `{}` that nothing reads", ident.text, describe(ty));
            unfit(ident.loc.0, message, "cannot be compared", "compare a value that the gate may read");
            return None;
        }
        if field.optional {
            let message =
                format!("found `{}`, which a call of `{}` may leave out", argument.text, later.name);
            unfit(argument.loc.0, message, "may be absent", "compare an argument that every call has");
            return None;
        }
        if field.ty != *ty {
            let message = format!(
                "found `{}`, a `{}`, and `{}`, a `{}`",
                argument.text,
                describe(&field.ty),
                name.text,
                describe(ty)
            );
            unfit(name.loc.0, message, "another type", "compare values of one type");
            return None;
        }
        Some(Same { argument: argument.text.clone(), with })
    }

    fn without<'k>(
        &mut self,
        name: &syntax::Ident,
        action: &str,
        known: impl Iterator<Item = &'k String> + Clone,
        of: &Known,
    ) {
        if of.is_broken(&name.text) {
            return;
        }
        let known = known.map(String::as_str);
        let near = self.problems.nearest(&name.text, known.clone());
        let otherwise = || match known.clone().next() {
            Some(_) => format!("use {}", one_of(known.clone())),
            None => format!("remove it: `{action}` has nothing to compare"),
        };
        let unknown = Diagnostic::error(
            Code::UnknownArgument,
            name.loc.0,
            format!("found unknown argument `{}`", name.text),
            format!("`{action}` has no such argument or result"),
        );
        let unknown = unknown.also_at(of.place(action), format!("`{action}` is declared here"));
        self.problems.report(unknown.help(near.unwrap_or_else(otherwise)));
    }

    /// Actions that wait for each other can never begin.
    fn circles(&mut self, orders: &[Order]) {
        let waits: Vec<(&Order, &Before)> = orders
            .iter()
            .filter_map(|order| {
                if let Sequence::Before(before) = &order.sequence { Some((order, before)) } else { None }
            })
            .collect();
        for (order, before) in &waits {
            let mut reached = vec![&before.earlier];
            let mut next = 0;
            while let Some(at) = reached.get(next).copied() {
                next += 1;
                if *at == before.later {
                    self.problems.report(
                        Diagnostic::error(
                            Code::UnfitOrder,
                            order.head.span,
                            format!("found `{}` waiting for what waits for it", before.later.action),
                            "can never begin",
                        )
                        .help("remove one of the `before`s of the circle"),
                    );
                    return;
                }
                let further =
                    waits.iter().filter(|(_, other)| other.later == *at).map(|(_, other)| &other.earlier);
                let new: Vec<_> = further.filter(|one| !reached.contains(one)).collect();
                reached.extend(new);
            }
        }
    }
}

/// The name after `A.` or `TOOL.A.`.
fn of_earlier<'p>(path: &'p Path, earlier: &Named<'_>) -> Option<&'p syntax::Ident> {
    match path.steps.as_slice() {
        [Step::Field(name)] if *path.head.text == *earlier.name => Some(name),
        [Step::Field(action), Step::Field(name)]
            if path.head.text == earlier.tool && *action.text == *earlier.name =>
        {
            Some(name)
        }
        _ => None,
    }
}

/// Whether the same resource is plainly among both.
fn meet(first: &[Target], second: &[Target]) -> bool {
    let (first, second) = (super::expand(first), super::expand(second));
    let any = |targets: &[wpc_model::Target]| targets.contains(&wpc_model::Target::Any);
    any(&first) || any(&second) || first.iter().any(|target| second.contains(target))
}
