//! The problem that every engine decides, and the calls it is asked about.
//!
//! N rules allow `send` (even) or `receive` (odd) on `queue-<i>`; `manage` is denied everywhere;
//! whatever is allowed must be at most 128 KiB, carry two properties and not carry two others.
//! Default deny, and deny wins.

/// Greatest accepted `message_bytes`.
pub const MAX_MESSAGE_BYTES: i64 = 131_072;
/// Properties that must be there.
pub const REQUIRED: [&str; 2] = ["schema_version", "correlation_id"];
/// Properties that must not.
pub const FORBIDDEN: [&str; 2] = ["authorization", "cookie"];
/// Host of every resource.
pub const HOST: &str = "ns.servicebus.windows.net";

/// One call, as a tool would describe it.
#[derive(Clone, Debug)]
pub struct Call {
    /// `send`, `receive` or `manage`.
    pub action: &'static str,
    /// The queue's own name.
    pub queue: String,
    /// The queue with its host, as the peers' rules name it.
    pub entity: String,
    /// Size in bytes.
    pub message_bytes: i64,
    /// Names and values.
    pub properties: Vec<(&'static str, &'static str)>,
}

/// A call and what must come out.
#[derive(Clone, Debug)]
pub struct Case {
    /// The column of the table.
    pub name: &'static str,
    /// What is asked.
    pub call: Call,
    /// Whether it is allowed.
    pub allowed: bool,
}

/// Names of the cases, in the table's order.
pub const CASES: [&str; 4] = ["allow", "deny_default", "deny_explicit", "deny_constraint"];

/// The queue of rule `index`.
#[must_use]
pub fn queue(index: usize) -> String {
    format!("queue-{index}")
}

/// A queue with its host.
#[must_use]
pub fn entity(queue: &str) -> String {
    format!("sb://{HOST}/{queue}")
}

/// The action that rule `index` allows.
#[must_use]
pub fn action(index: usize) -> &'static str {
    if index.is_multiple_of(2) { "send" } else { "receive" }
}

/// The bound of rule `index` where each has its own.
#[must_use]
pub fn most_kib(index: usize) -> usize {
    index % 1000 + 1
}

/// The calls measured among `patterns` patterns: one that the middle pattern matches, one that none does.
#[must_use]
pub fn like_cases(patterns: usize) -> [Case; 2] {
    let [mut allow, mut deny, ..] = cases(patterns);
    for case in [&mut allow, &mut deny] {
        case.call.queue.push_str("-orders-and-their-lines-eu");
    }
    [allow, deny]
}

/// The calls measured among `rules` rules. They differ from the allowed one in one thing each; the
/// unknown queue has the length of the known one, so that no engine wins by looking at lengths.
#[must_use]
pub fn cases(rules: usize) -> [Case; 4] {
    let known = queue(rules / 2 & !1);
    let unknown = known.replace("queue", "quexe");
    let properties = vec![("schema_version", "1"), ("correlation_id", "c-42")];
    let call = |action, queue: &str, message_bytes| Call {
        action,
        queue: queue.to_owned(),
        entity: entity(queue),
        message_bytes,
        properties: properties.clone(),
    };
    let [allow, deny_default, deny_explicit, deny_constraint] = CASES;
    [
        Case { name: allow, call: call("send", &known, 1024), allowed: true },
        Case { name: deny_default, call: call("send", &unknown, 1024), allowed: false },
        Case { name: deny_explicit, call: call("manage", &known, 1024), allowed: false },
        Case { name: deny_constraint, call: call("send", &known, 200_000), allowed: false },
    ]
}
