//! Parts of a policy in the language's own words, for people.

mod order;
mod quantity;

use wpc_model::{
    Action, Approval, Approver, Bind, Condition, Effect, Field, Hash, Limit, Measure, Rule, Slot, Source,
    Subject, Target, Test, Tool, Type, Uses, Value, Window, time_of_day_text,
};

use crate::plain;

pub use order::order;
pub use quantity::{duration, quantity};

/// `"text"`, safe for a terminal.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", plain(&text.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// `queue("orders-staging")`, `any queue`, `any`.
pub fn target(target: &Target) -> String {
    match target {
        Target::Any => "any".to_owned(),
        Target::Of { kind, slots } if slots.iter().all(|slot| matches!(slot, Slot::Any)) => {
            format!("any {}", plain(kind))
        }
        Target::Of { kind, slots } => {
            let slots: Vec<_> = slots.iter().map(slot).collect();
            format!("{}({})", plain(kind), slots.join(", "))
        }
    }
}

fn slot(slot: &Slot) -> String {
    match slot {
        Slot::Any => "any".to_owned(),
        Slot::Exact(name) => quoted(name),
        // Backslashes belong to the pattern: a raw string shows it as it is matched.
        Slot::Like(pattern) => format!("like {}", quoted(pattern)),
    }
}

/// `a, b`.
pub fn targets(list: &[Target]) -> String {
    list.iter().map(target).collect::<Vec<_>>().join(", ")
}

/// `send to queue("orders-staging")`, `manage on any`, `ping` (an action that takes no resource).
pub fn act(tool: &Tool, actions: &[&str], on: &str) -> String {
    let named = plain(&actions.join(", ")).into_owned();
    let declared = actions.first().and_then(|action| tool.interface.actions.get(*action));
    match declared.map(|action| action.preposition) {
        Some(None) => named,
        Some(Some(preposition)) => format!("{named} {} {on}", preposition.word()),
        None => format!("{named} on {on}"),
    }
}

/// `allow send to queue("orders-staging")`, without its conditions.
pub fn rule(tool: &Tool, effect: Effect, rule: &Rule) -> String {
    let word = match effect {
        Effect::Allow => "allow",
        Effect::Deny => "deny",
    };
    let what = match &rule.action {
        Some(action) => act(tool, &[action], &target(&rule.target)),
        None => format!("any on {}", target(&rule.target)),
    };
    format!("{word} {what}")
}

/// What a limit counts: `calls`, or an argument's name.
pub fn measure(measure: &Measure) -> String {
    match measure {
        Measure::Calls => "calls".to_owned(),
        Measure::Argument(name) => plain(name).into_owned(),
    }
}

/// `limit messages of send to 200 per job`.
pub fn limit(tool: &Tool, limit: &Limit) -> String {
    let measure = measure(&limit.measure);
    let actions: Vec<_> = limit.actions.iter().map(String::as_str).collect();
    let what = match limit.targets.as_slice() {
        [Target::Any] => plain(&actions.join(", ")).into_owned(),
        list => act(tool, &actions, &targets(list)),
    };
    if limit.window == Window::Flight {
        return format!("limit concurrent {what} to {}{}", limit.max, counters(limit));
    }
    format!("limit {measure} of {what} to {} {}", most(tool, limit), per(limit))
}

/// `per job`, `per minute per agent per resource`.
pub fn per(limit: &Limit) -> String {
    let over = match limit.window {
        Window::Flight => "at once".to_owned(),
        Window::Job | Window::Sliding { .. } => format!("per {}", window(limit.window)),
    };
    format!("{over}{}", counters(limit))
}

/// What tells the counters of a limit apart, ` per agent per resource`.
fn counters(limit: &Limit) -> String {
    let agent = (limit.owner == wpc_model::Owner::Agent).then_some("agent");
    let resource = limit.by_resource.then_some("resource");
    let all = agent.into_iter().chain(resource).chain(limit.by.iter().map(String::as_str));
    all.map(|word| format!(" per {}", plain(word))).collect()
}

/// The bound of a limit with its unit.
pub fn most(tool: &Tool, limit: &Limit) -> String {
    amount(tool, limit, limit.max)
}

/// What a limit counts, with its unit.
pub fn amount(tool: &Tool, limit: &Limit, number: i64) -> String {
    let Measure::Argument(name) = &limit.measure else { return number.to_string() };
    let declared = limit.actions.first().and_then(|action| tool.interface.actions.get(action));
    let field = declared.and_then(|action| field(tool, action, name));
    quantity(number, field.map(|field| &field.ty))
}

/// `job`, `minute`, `15 min`.
pub fn window(window: Window) -> String {
    match window {
        Window::Job => "job".to_owned(),
        Window::Sliding { ms: 1_000 } => "second".to_owned(),
        Window::Sliding { ms: 60_000 } => "minute".to_owned(),
        Window::Sliding { ms: 3_600_000 } => "hour".to_owned(),
        Window::Sliding { ms: 86_400_000 } => "day".to_owned(),
        Window::Sliding { ms } => duration(ms),
        Window::Flight => "flight".to_owned(),
    }
}

/// `1 of did:key:…`, then how long and how often it holds.
pub fn approval(approval: &Approval) -> [String; 2] {
    let by = approval.by.iter().map(|approver| match approver {
        Approver::Did(did) => plain(did).into_owned(),
        Approver::Role { role, issuer } => format!("{} by {}", quoted(role), plain(issuer)),
    });
    let by: Vec<_> = by.collect();
    let uses = match approval.uses {
        Uses::Times(1) => "for one call".to_owned(),
        Uses::Times(times) => format!("for {times} calls"),
        Uses::Unlimited => "for any number of calls".to_owned(),
    };
    let bind = match &approval.bind {
        Bind::Arguments => "with exactly its arguments".to_owned(),
        Bind::Some(names) if names.is_empty() => "with any arguments".to_owned(),
        Bind::Some(names) => format!("with exactly its {}", plain(&names.join(", "))),
    };
    let who = format!("{} of {}", approval.quorum, by.join(", "));
    [who, format!("within {}, {uses} {bind}", duration(approval.within_ms))]
}

/// The type of what a condition tests.
pub fn subject_type(tool: &Tool, action: &str, subject: &Subject) -> Option<Type> {
    let found = tool.interface.subject_type(tool.interface.actions.get(action)?, subject).ok()?;
    Some(found.ty.into_owned())
}

/// `message_bytes <= 128 KiB`.
pub fn condition(tool: &Tool, action: Option<&str>, condition: &Condition) -> String {
    let ty = action.and_then(|action| subject_type(tool, action, &condition.subject));
    let subject = plain(&condition.subject.to_text()).into_owned();
    let ty = ty.as_ref();
    let member = match ty {
        Some(Type::List(member) | Type::Set(member)) => Some(&**member),
        Some(_) | None => None,
    };
    let test = match &condition.test {
        Test::Present => "is present".to_owned(),
        Test::Absent => "is absent".to_owned(),
        Test::Compare(comparison, Value::Int(ms)) if condition.subject.is_of_clock() => {
            format!("{} \"{}\"", comparison.symbol(), time_of_day_text(*ms))
        }
        Test::Compare(comparison, constant) => format!("{} {}", comparison.symbol(), value(constant, ty)),
        Test::Conforms(hash) => format!("conforms to {}", schema(hash)),
        Test::From(sources) => format!("from [{}]", origins(sources, ", ")),
        Test::In(constants) => format!("in {}", list(constants, ty)),
        Test::NotIn(constants) => format!("not in {}", list(constants, ty)),
        Test::Has(constants) => format!("has {}", list(constants, member)),
        Test::Lacks(constants) => format!("lacks {}", list(constants, member)),
        Test::Like(pattern) => format!("like {}", quoted(pattern)),
        Test::Matches(pattern) => format!("matches {}", quoted(pattern)),
        Test::UnderDomain(of) => format!("under domain {}", list(of, None)),
        Test::UnderPath(of) => format!("under path {}", list(of, None)),
        Test::WithinCidr(blocks) => format!("within cidr {}", list(blocks, None)),
    };
    format!("{subject} {test}")
}

/// `schema Zm1p9abQ`: the beginning of its hash, which tells the schemas of a policy apart.
pub fn schema(hash: &Hash) -> String {
    format!("schema {}", hash.to_string().get(..8).unwrap_or_default())
}

/// `job.input, contacts.search.emails`.
pub fn origins(sources: &[Source], between: &str) -> String {
    let origins: Vec<_> = sources.iter().map(|source| plain(&source.origin()).into_owned()).collect();
    origins.join(between)
}

/// A constant or a call's value, in the unit of its type.
pub fn value(value: &Value, ty: Option<&Type>) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Int(number) => quantity(*number, ty),
        Value::Text(text) => quoted(text),
        Value::List(members) => list(members, None),
        Value::Map(members) => {
            let members =
                members.iter().map(|(name, one)| format!("{}: {}", quoted(name), self::value(one, None)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        Value::Sealed(_) => "(sealed)".to_owned(),
    }
}

fn list(constants: &[Value], ty: Option<&Type>) -> String {
    let members: Vec<_> = constants.iter().map(|constant| value(constant, ty)).collect();
    format!("[{}]", members.join(", "))
}

/// The argument `name` of `action`, or the field of its batch's record.
pub fn field<'t>(tool: &'t Tool, action: &'t Action, name: &str) -> Option<&'t Field> {
    let of_record = || {
        let (_, record) = action.batch()?;
        tool.interface.records.get(record)?.fields.get(name)
    };
    action.arguments.get(name).or_else(of_record)
}
