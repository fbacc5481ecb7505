//! Policies that look back, and calls of them.

use std::collections::BTreeMap;

use wpc_compiler::{Code, Colour, Parameters, Source, compile, render_all};
use wpc_model::{Call, Policy, Resource, Value};

use crate::random::dice::Random;

const INTERFACES: &str = r#"
tool lab {
    resource box(name: entity_name<20>) = "boxes/{name}"
    record item { size: bytes; cost: money<EUR> }
    action plan on box { note: text; level: count } result {
        hash: text trusted; level: count?
        marks: list<count> trusted; sizes: map<bytes> trusted; name: entity_name<9>? trusted
    }
    action apply on box { hash: text; note: text; level: count }
    action send to box { to: text; items: batch<item> }
    action ping { to: text; level: count; loud: bool; box: entity_name<20> }
}

tool vault {
    resource box(name: entity_name<20>) = "boxes/{name}"
    action read on box { note: text }
    action list
}
"#;

/// A few values of each, in two letter cases.
const TEXTS: [&str; 3] = ["a", "A", "b"];

/// A policy, which now and then extends one or two others, one of which may extend a third.
pub(super) fn policy(random: &mut Random) -> Policy {
    let mut policy = one(random, false);
    if random.chance(50) {
        for _ in 0..1 + random.below(2) {
            let mut parent = one(random, true);
            if random.chance(30) {
                parent.parents.push(one(random, true));
            }
            // People copy. What its own slice of the interface leaves out cannot stand there.
            if random.chance(30) {
                let mut copied = parent.clone();
                for (name, tool) in &mut copied.tools {
                    tool.limits.extend(policy.tools[name].limits.clone());
                }
                copied.orders.extend(policy.orders.clone());
                copied = copied.normalise();
                if copied.check().is_ok() {
                    parent = copied;
                }
            }
            policy.parents.push(parent.normalise());
        }
    }
    let policy = policy.normalise();
    policy.check().unwrap();
    policy
}

/// Draws until the compiler accepts.
fn one(random: &mut Random, is_parent: bool) -> Policy {
    for _ in 0..100 {
        let text = text(random, is_parent);
        let source = Source::new("history.wpc", text.clone());
        match compile(&source, &Parameters::new()) {
            Ok(compiled) => return compiled.policy,
            // A circle, or one thing on both sides: drawn without looking.
            Err(problems) if problems.iter().all(|problem| problem.code == Code::UnfitOrder) => {}
            Err(problems) => panic!("{text}\n{}", render_all(&problems, &source, Colour::Plain)),
        }
    }
    panic!("no policy in 100 compiles")
}

fn text(random: &mut Random, is_parent: bool) -> String {
    let mut of_lab = vec![
        "allow plan on any box".to_owned(),
        format!(
            "allow apply on any box{}",
            sourced(random, &["level from [lab.plan.marks]", "hash from [job.input]"])
        ),
        format!("allow send to any box{}", sourced(random, OF_ITEMS)),
    ];
    if !is_parent || random.chance(90) {
        of_lab.push(format!("allow ping{}", sourced(random, OF_PING)));
    }
    if is_parent && random.chance(20) {
        of_lab.push("deny send to box(\"a\")".to_owned());
    }
    if random.chance(30) {
        of_lab.push(format!("deny ping{}", sourced(random, OF_PING)));
    }
    if random.chance(20) {
        of_lab.push(format!("deny send{}", sourced(random, OF_ITEMS)));
    }
    of_lab.retain(|one| one != "deny ping" && one != "deny send");
    let mut of_policy = Vec::new();
    for _ in 0..1 + random.below(4) {
        of_lab.push(limit(random));
    }
    for _ in 0..random.below(3) {
        let order = if random.chance(40) { separate(random) } else { before(random) };
        of_policy.push(order);
    }
    if random.chance(15) {
        let when = sourced(random, OF_PING);
        of_lab.push(format!(
            "require approval of ping{when} {{ by did(\"did:web:a\"); quorum 1; within 1 h }}"
        ));
    }
    format!(
        "{INTERFACES}\npolicy history {{\n    tool lab {{\n        {}\n    }}\n    tool vault {{\n        allow read on any box\n        allow list\n    }}\n    {}\n    token {{ pin policy }}\n}}\n",
        of_lab.join("\n        "),
        of_policy.join("\n    ")
    )
}

/// Where the values of a ping may have to come from.
const OF_PING: &[&str] = &[
    "level from [lab.plan.marks]",
    "level from [job.input, lab.plan.marks]",
    "to from [job.input]",
    "box from [lab.plan.name, job.input]",
];

/// Where those of the items may.
const OF_ITEMS: &[&str] =
    &["size from [lab.plan.sizes]", "size from [job.input, lab.plan.sizes]", "cost from [job.input]"];

/// Nothing, or one or two of some conditions.
fn sourced(random: &mut Random, conditions: &[&str]) -> String {
    if random.chance(60) {
        return String::new();
    }
    format!(" when {{ {} }}", random.some(conditions, 2).join("; "))
}

/// What a job was asked to do.
pub(super) fn input(random: &mut Random) -> String {
    let leaf = |random: &mut Random| match random.below(4) {
        0 => format!("\"{}\"", random.word(&TEXTS)),
        1 => format!("\"0.0{}\"", random.below(3)),
        2 => random.below(3).to_string(),
        _ => random.word(&["null", "true", "0.5", "{}", "-1"]).to_owned(),
    };
    let leaves: Vec<_> = (0..random.below(5)).map(|_| leaf(random)).collect();
    format!("{{\"a\": [{}], \"b\": {{\"c\": {}}}}}", leaves.join(", "), leaf(random))
}

fn limit(random: &mut Random) -> String {
    let (actions, measures, keys): (&str, &[&str], &[&str]) = match random.below(6) {
        0 => ("plan", &["calls", "level"], &["note", "level", "resource"]),
        1 => ("apply, plan", &["calls", "level"], &["note", "level", "resource"]),
        2 => ("send", &["calls", "items", "size", "cost"], &["to", "resource"]),
        3 => ("ping", &["calls", "level"], &["to", "loud", "level"]),
        4 => ("ping, plan", &["calls", "level"], &["level"]),
        _ => ("send to box(\"a\"), box(\"b\")", &["calls", "items"], &["to", "resource"]),
    };
    let most = 1 + random.below(4);
    if random.chance(25) {
        return format!("limit concurrent {actions} to {most}");
    }
    let measure = random.word(measures);
    let most = match measure {
        "size" => format!("{most} B"),
        "cost" => format!("0.0{most} EUR"),
        _ => most.to_string(),
    };
    let mut per = vec![random.word(&["job", "2 s", "5 s", "minute"]).to_owned()];
    if random.chance(40) {
        per.extend(random.some(keys, 2).into_iter().map(str::to_owned));
    }
    if random.chance(30) {
        per.push("agent".to_owned());
    }
    let per: Vec<_> = per.iter().map(|one| format!("per {one}")).collect();
    format!("limit {measure} of {actions} to {most} {}", per.join(" "))
}

fn separate(random: &mut Random) -> String {
    let sides = [
        "lab.plan on box(\"a\")",
        "lab.plan on box(\"b\")",
        "lab.ping",
        "lab.send",
        "vault.read",
        "vault.read on box(\"a\")",
        "vault.list, vault.read",
        "lab.apply, vault.list",
    ];
    format!("separate {} from {}", random.word(&sides), random.word(&sides))
}

fn before(random: &mut Random) -> String {
    let (actions, with): (&str, &[&str]) = match random.below(4) {
        0 | 1 => (
            "lab.apply do lab.plan",
            &["same resource", "hash == plan.hash", "note == plan.note", "level == lab.plan.level"],
        ),
        2 => ("vault.read do lab.ping", &["note == ping.to"]),
        _ => ("lab.send do vault.list", &[]),
    };
    let with = if with.is_empty() || random.chance(30) { Vec::new() } else { random.some(with, 2) };
    let with = if with.is_empty() { String::new() } else { format!(" with {}", with.join(", ")) };
    let within = random.word(&["", " within 2 s", " within 5 s"]);
    format!("before {actions}{with}{within}{}", random.word(&["", " once"]))
}

/// A call of one of the actions of `policy`, if the policy names it.
pub(super) fn call(random: &mut Random, policy: &Policy) -> Option<Call> {
    let text = |random: &mut Random| Value::text(random.word(&TEXTS));
    let count = |random: &mut Random| Value::Int(random.between(0, 2));
    let mut arguments = BTreeMap::new();
    let mut put = |name: &str, value: Value| drop(arguments.insert(name.to_owned(), value));
    let (tool, action, has_resource) = match random.below(7) {
        0 | 1 => {
            put("note", text(random));
            put("level", count(random));
            ("lab", "plan", true)
        }
        2 => {
            put("hash", text(random));
            put("note", text(random));
            put("level", count(random));
            ("lab", "apply", true)
        }
        3 => {
            put("to", text(random));
            let items = (0..random.below(3)).map(|_| {
                let fields = [("size", count(random)), ("cost", count(random))];
                Value::Map(fields.map(|(name, value)| (name.to_owned(), value)).into())
            });
            let items = items.collect();
            put("items", Value::List(items));
            ("lab", "send", true)
        }
        4 => {
            put("to", text(random));
            put("level", count(random));
            put("loud", Value::Bool(random.chance(50)));
            put("box", text(random));
            ("lab", "ping", false)
        }
        5 => {
            put("note", text(random));
            ("vault", "read", true)
        }
        _ => ("vault", "list", false),
    };
    let resource = has_resource
        .then(|| Resource { kind: "box".to_owned(), names: vec![random.word(&TEXTS).to_owned()] });
    let call = Call { tool: tool.to_owned(), action: action.to_owned(), resource, arguments };
    call.conform(policy).is_ok().then_some(call)
}

/// What a plan returned: maybe not everything.
pub(super) fn result(random: &mut Random, call: &Call) -> BTreeMap<String, Value> {
    let mut result = BTreeMap::new();
    if call.action == "plan" {
        if random.chance(85) {
            result.insert("hash".to_owned(), Value::text(random.word(&TEXTS)));
        }
        if random.chance(85) {
            result.insert("level".to_owned(), Value::Int(random.between(0, 2)));
        }
        if random.chance(70) {
            let marks = (0..random.below(3)).map(|_| Value::Int(random.between(0, 2))).collect();
            result.insert("marks".to_owned(), Value::List(marks));
        }
        if random.chance(70) {
            let sizes = TEXTS.into_iter().take(random.below(3));
            let sizes = sizes.map(|text| (text.to_owned(), Value::Int(random.between(0, 2)))).collect();
            result.insert("sizes".to_owned(), Value::Map(sizes));
        }
        if random.chance(70) {
            result.insert("name".to_owned(), Value::text(random.word(&TEXTS)));
        }
    }
    result
}
