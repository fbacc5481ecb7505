//! What would have to change for a call to be allowed, in words.
//!
//! One line per thing to change. They name what the nearest rule wants; a deny or a limit may still
//! be in the way of the changed call, so people ask again.

use serde_json::{Value as Json, json};
use wpc_model::{
    Action, Approval, Call, Comparison, Condition, Failing, Limit, Order, Policy, Quantifier, Rule, Sequence,
    Slot, Step, Subject, Target, Test, Tool, Truth, Type, Value, Window, instant_text,
};

use super::facts;
use wpc_viewer::plain;
use wpc_viewer::words;

/// Alternatives that are listed before the rest is only counted.
const LISTED: usize = 8;

/// One thing to change.
#[derive(Debug)]
pub(super) struct Change {
    of: &'static str,
    at: Option<String>,
    to: String,
}

impl Change {
    fn new(of: &'static str, at: Option<String>, to: impl Into<String>) -> Self {
        Self { of, at, to: to.into() }
    }

    /// `messages[0].message_bytes: at most 128 KiB`.
    pub(super) fn words(&self) -> String {
        format!("{}: {}", self.at.as_deref().unwrap_or(self.of), self.to)
    }

    /// Whether it is what the lines about approvals say already.
    pub(super) fn is_approval(&self) -> bool {
        self.of == "approval"
    }

    pub(super) fn json(&self) -> Json {
        json!({ "of": self.of, "at": self.at, "to": self.to })
    }
}

/// What would make one failing condition of the nearest rule true.
pub(super) fn of_condition(tool: &Tool, call: &Call, rule: &Rule, failing: Failing) -> Option<Change> {
    let action = tool.interface.actions.get(&call.action)?;
    let condition = rule.conditions.get(usize::try_from(failing.condition).ok()?)?;
    let Condition { subject, test } = condition;
    if subject.is_of_clock() {
        let when = words::condition(tool, Some(&call.action), condition);
        return Some(Change::new("time", None, format!("ask when {when}, in UTC")));
    }
    let found = value(action, call, subject, failing.element);
    let ty = words::subject_type(tool, &call.action, subject);
    let to = wanted(test, ty.as_ref(), found);
    let to = match (found, test) {
        (None, Test::Present | Test::Absent) | (Some(_), _) => to,
        // A size is there whatever it is of.
        (None, _) if subject.steps.last() == Some(&Step::Size) => to,
        (None, _) => format!("state it, {to}"),
    };
    Some(Change::new("argument", Some(path(action, subject, failing.element)), to))
}

/// `each messages[0].tags`.
fn path(action: &Action, subject: &Subject, element: Option<u32>) -> String {
    let quantifier = match subject.quantifier {
        Some(Quantifier::Each) => "each ",
        Some(Quantifier::Some) => "some ",
        None => "",
    };
    let batch = element.zip(action.batch()).map(|(index, (batch, _))| format!("{}[{index}].", plain(batch)));
    let rest = Subject { quantifier: None, ..subject.clone() }.to_text();
    format!("{quantifier}{}{}", batch.unwrap_or_default(), plain(&rest))
}

/// What stands at the subject's path, of this element where it is of one.
fn value<'c>(action: &Action, call: &'c Call, subject: &Subject, element: Option<u32>) -> Option<&'c Value> {
    let fields = match element {
        None => &call.arguments,
        Some(index) => {
            let Some(Value::List(elements)) = call.arguments.get(action.batch()?.0) else { return None };
            let Value::Map(fields) = elements.get(usize::try_from(index).ok()?)? else { return None };
            fields
        }
    };
    subject.steps.iter().try_fold(fields.get(&subject.name)?, |value, step| match (step, value) {
        (Step::Field(name) | Step::Key(name), Value::Map(members)) => members.get(name),
        // Parts are read of the address, and what is read in members of their list.
        (Step::Field(_), Value::Text(_) | Value::List(_)) => Some(value),
        (Step::Field(_) | Step::Key(_) | Step::Size, _) => None,
    })
}

fn wanted(test: &Test, ty: Option<&Type>, found: Option<&Value>) -> String {
    let member = match ty {
        Some(Type::List(member) | Type::Set(member)) => Some(&**member),
        Some(_) | None => None,
    };
    let all = |list: &[Value]| {
        let said: Vec<_> = list.iter().map(|one| words::value(one, member)).collect();
        said.join(", ")
    };
    match test {
        Test::Present => "state it".to_owned(),
        Test::Absent => "leave it out".to_owned(),
        Test::Compare(comparison, constant) => {
            let how = match comparison {
                Comparison::Equal => "exactly",
                Comparison::NotEqual => "anything but",
                Comparison::Less => "less than",
                Comparison::AtMost => "at most",
                Comparison::Greater => "more than",
                Comparison::AtLeast => "at least",
            };
            format!("{how} {}", words::value(constant, ty))
        }
        Test::In(set) => one_of(found, set.iter().map(|one| (one.as_text(), words::value(one, ty)))),
        Test::NotIn(set) => {
            let said: Vec<_> = set.iter().map(|one| words::value(one, ty)).collect();
            format!("none of {}", said.join(", "))
        }
        Test::Has(wanted) => format!("add {}", all(&facts::missing(found, wanted))),
        Test::Lacks(unwanted) => format!("remove {}", all(&facts::present(found, unwanted))),
        Test::Conforms(hash) => format!("something that conforms to {}", words::schema(hash)),
        Test::From(sources) => format!("what came from {}", words::origins(sources, " or ")),
        Test::Like(pattern) => format!("something like {}", words::quoted(pattern)),
        Test::Matches(pattern) => format!("something that matches {}", words::quoted(pattern)),
        Test::UnderDomain(set) | Test::UnderPath(set) => format!("something under {}", all(set)),
        Test::WithinCidr(set) => format!("something within {}", all(set)),
    }
}

/// Alternatives, the one nearest to what was found first.
fn one_of<'t>(
    found: Option<&Value>,
    alternatives: impl Iterator<Item = (Option<&'t str>, String)>,
) -> String {
    let mut all: Vec<_> = alternatives.collect();
    let near = found.and_then(Value::as_text).and_then(|found| {
        wpc_compiler::nearest(found, all.iter().filter_map(|(text, _)| *text)).map(str::to_owned)
    });
    // A stable sort: what is not nearest stays in order.
    all.sort_by_key(|(text, _)| near.is_none() || *text != near.as_deref());
    counted(all.into_iter().map(|(_, said)| said).collect())
}

/// `a`, `one of a, b`, `one of a, b … and 3 more`.
fn counted(mut all: Vec<String>) -> String {
    let more = all.len().saturating_sub(LISTED);
    all.truncate(LISTED);
    match (all.as_slice(), more) {
        ([one], 0) => one.clone(),
        (all, 0) => format!("one of {}", all.join(", ")),
        (all, more) => format!("one of {} and {more} more", all.join(", ")),
    }
}

/// What to call instead where no allow speaks of this resource or action, or a deny of `denied`
/// speaks of it.
pub(super) fn of_target(tool: &Tool, call: &Call, denied: Option<&Target>) -> Change {
    let of_action =
        |rule: &&Rule| rule.action.as_deref() == Some(call.action.as_str()) && Some(&rule.target) != denied;
    let of_action: Vec<&Rule> = tool.allow.iter().filter(of_action).collect();
    if !of_action.is_empty() {
        let found = call.resource.as_ref().and_then(|resource| resource.names.last());
        let found = found.map(|name| Value::Text(name.clone()));
        let mut targets: Vec<&Target> = of_action.iter().map(|rule| &rule.target).collect();
        targets.sort();
        targets.dedup();
        let named = targets.into_iter().map(|target| (last_name(target), words::target(target)));
        return Change::new("resource", None, one_of(found.as_ref(), named));
    }
    let mut actions: Vec<&str> = tool.allow.iter().filter_map(|rule| rule.action.as_deref()).collect();
    actions.sort_unstable();
    actions.dedup();
    if actions.is_empty() {
        return of_tool();
    }
    let asked = Value::Text(call.action.clone());
    let named = actions.into_iter().map(|action| (Some(action), plain(action).into_owned()));
    Change::new("action", None, one_of(Some(&asked), named))
}

/// The name in a target's last slot, by which people know a resource.
fn last_name(target: &Target) -> Option<&str> {
    let Target::Of { slots, .. } = target else { return None };
    match slots.last()? {
        Slot::Exact(name) => Some(name),
        Slot::Any | Slot::Like(_) => None,
    }
}

/// How to spell a resource of which the nearest rule speaks but for its letter case.
pub(super) fn of_spelling(rule: &Rule) -> Change {
    Change::new("resource", None, format!("{}, in this letter case", words::target(&rule.target)))
}

/// What would take a call out of reach of a deny.
pub(super) fn of_deny(tool: &Tool, call: &Call, rule: &Rule) -> Vec<Change> {
    let mut changes = Vec::new();
    let conditions = rule.conditions.iter().map(|one| words::condition(tool, Some(&call.action), one));
    let conditions: Vec<_> = conditions.collect();
    match conditions.as_slice() {
        [] => {}
        [one] => changes.push(Change::new("argument", None, format!("not {one}"))),
        all => changes.push(Change::new("argument", None, format!("not all of {}", all.join("; ")))),
    }
    // Where the deny is of one resource, another one may do.
    let elsewhere = |allow: &&Rule| {
        allow.action.as_deref() == Some(call.action.as_str())
            && allow.target != rule.target
            && rule.target != Target::Any
    };
    if tool.allow.iter().any(|allow| elsewhere(&allow)) {
        changes.push(of_target(tool, call, Some(&rule.target)));
    }
    if changes.is_empty() {
        changes.push(Change::new("policy", None, "no change of this call passes the deny"));
    }
    changes
}

/// Where a policy that is extended does not have the tool.
pub(super) fn of_tool() -> Change {
    Change::new("policy", None, "it allows nothing of this tool")
}

/// Where a policy may not be used now.
pub(super) fn of_validity(policy: &Policy) -> Change {
    let valid = policy.settings.valid;
    let from = valid.from.map(|at| format!("from {}", instant_text(at)));
    let until = valid.until.map(|at| format!("before {}", instant_text(at)));
    let all: Vec<_> = from.into_iter().chain(until).collect();
    Change::new("time", None, format!("ask {}", all.join(" and ")))
}

/// Who must sign.
pub(super) fn of_approval(approval: &Approval) -> Change {
    let [who, how] = words::approval(approval);
    Change::new("approval", None, format!("{who}, {how}"))
}

/// What a limit that is used up leaves to do.
pub(super) fn of_limit(tool: &Tool, limit: &Limit, amount: i64, frees_at: Option<i64>) -> Change {
    if amount > limit.max {
        let most = words::most(tool, limit);
        return Change::new(
            "argument",
            None,
            format!("at most {most} {} at once", words::measure(&limit.measure)),
        );
    }
    match (frees_at, limit.window) {
        (Some(at), _) => Change::new("time", None, format!("at {} there is room again", instant_text(at))),
        (None, Window::Job) => {
            Change::new("job", None, "a new one: of this one the limit is used up for good")
        }
        (None, Window::Sliding { .. }) => Change::new("time", None, "later: when the window has moved on"),
        (None, Window::Flight) => Change::new("time", None, "later: when a call that is in flight has ended"),
    }
}

/// What a statement about the order of calls leaves to do.
pub(super) fn of_order(order: &Order) -> Change {
    match &order.sequence {
        Sequence::Separate { .. } => {
            Change::new("job", None, "another one, which has not done the other side")
        }
        Sequence::Before(before) => {
            let earlier = format!("{}.{}", plain(&before.earlier.tool), plain(&before.earlier.action));
            Change::new("job", None, format!("`{earlier}` must be done first, and agree"))
        }
    }
}

/// Whether a rule's target is the call's resource but for letter case.
pub(super) fn is_misspelt(rule: &Rule, call: &Call) -> bool {
    rule.target.matches(call.resource.as_ref()) == Truth::Unknown
}
