//! Random policies as data, and the many texts that say the same.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// A policy about sending.
#[derive(Clone, Debug)]
pub(crate) struct Sketch {
    pub(crate) statements: Vec<Statement>,
    token: Vec<&'static str>,
    proof: bool,
}

/// One statement of its tool.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    verb: Verb,
    actions: Vec<&'static str>,
    resources: Vec<Resource>,
    conditions: Vec<Condition>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verb {
    Allow,
    Deny,
    Require,
    Approval,
    LimitCalls(u32, &'static str),
    LimitMessages(u32),
}

#[derive(Clone, Debug)]
enum Resource {
    Exact(&'static str, Vec<&'static str>),
    Like(&'static str, &'static str),
    AnyOf(&'static str),
    Any,
}

#[derive(Clone, Debug)]
enum Condition {
    /// Bytes, at most or less.
    Bytes(&'static str, u32),
    Has(Vec<&'static str>),
    Lacks(Vec<&'static str>),
    Types(Vec<&'static str>),
    Session(&'static str),
    Batch(u32),
    Trace(&'static str),
}

const KINDS: &[&str] = &["queue", "topic"];
const NAMES: &[&str] = &["orders", "Orders", "refunds", "audit/eu", "tmp-1"];
const PATTERNS: &[&str] = &["orders*", "*s", "tmp-?", "*"];

fn condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        (select(&["<=", "<", ">", ">="][..]), 0_u32..3).prop_map(|(operator, size)| {
            // Lower bounds stay below upper ones, so that no rule contradicts itself.
            let base = if operator.starts_with('<') { 1_000 } else { 10 };
            Condition::Bytes(operator, base + size)
        }),
        subsequence(vec!["trace", "Schema", "id"], 1..=3).prop_map(Condition::Has),
        subsequence(vec!["cookie", "token"], 1..=2).prop_map(Condition::Lacks),
        subsequence(vec!["json", "xml", "text"], 2..=3).prop_map(|mut types| {
            types[0] = "json";
            Condition::Types(types)
        }),
        select(&["is present", "!= \"a\"", "like \"s*\""][..]).prop_map(Condition::Session),
        (1_u32..4).prop_map(Condition::Batch),
        select(&["== \"on\"", "in [\"on\", \"off\"]", "is present"][..]).prop_map(Condition::Trace),
    ]
}

fn resource(verb: Verb) -> BoxedStrategy<Resource> {
    let exact = (select(KINDS), subsequence(NAMES.to_vec(), 1..=3))
        .prop_map(|(kind, names)| Resource::Exact(kind, names));
    if matches!(verb, Verb::Allow) {
        return exact.boxed();
    }
    prop_oneof![
        3 => exact,
        1 => (select(KINDS), select(PATTERNS)).prop_map(|(kind, pattern)| Resource::Like(kind, pattern)),
        1 => select(KINDS).prop_map(Resource::AnyOf),
        1 => Just(Resource::Any),
    ]
    .boxed()
}

fn statement() -> impl Strategy<Value = Statement> {
    let verb = prop_oneof![
        4 => Just(Verb::Allow),
        2 => Just(Verb::Deny),
        2 => Just(Verb::Require),
        1 => Just(Verb::Approval),
        1 => (1_u32..9, select(&["job", "minute", "15 min"][..])).prop_map(|(max, per)| Verb::LimitCalls(max, per)),
        1 => (1_u32..9).prop_map(Verb::LimitMessages),
    ];
    verb.prop_flat_map(|verb| {
        let conditions = match verb {
            Verb::LimitCalls(..) | Verb::LimitMessages(_) => prop::collection::vec(condition(), 0..1).boxed(),
            Verb::Require => prop::collection::vec(condition(), 1..3).boxed(),
            Verb::Allow | Verb::Deny | Verb::Approval => prop::collection::vec(condition(), 0..4).boxed(),
        };
        (
            Just(verb),
            subsequence(vec!["send", "schedule"], 1..=2),
            prop::collection::vec(resource(verb), 1..3),
            conditions,
        )
            .prop_map(|(verb, actions, resources, conditions)| Statement {
                verb,
                actions,
                resources,
                conditions,
            })
    })
}

pub(crate) fn sketch() -> impl Strategy<Value = Sketch> {
    (
        prop::collection::vec(statement(), 1..9),
        subsequence(vec!["lifetime 10 min", "pin policy", "bind job"], 0..=3),
        any::<bool>(),
    )
        .prop_map(|(statements, token, proof)| Sketch { statements, token, proof })
}

/// How a sketch is written down. Everything here must leave the hash alone.
#[derive(Clone, Debug)]
pub(crate) struct Style {
    seed: u64,
    /// Swaps in every list of things whose order says nothing.
    shuffle: bool,
    /// Blanks, line breaks, comments.
    loose: bool,
    labels: bool,
    /// Names of the parameter and the `let`.
    names: (&'static str, &'static str),
}

impl Style {
    /// The plainest.
    pub(crate) const PLAIN: Self =
        Self { seed: 1, shuffle: false, loose: false, labels: false, names: ("host", "common") };
}

pub(crate) fn style() -> impl Strategy<Value = Style> {
    let names = select(&[("host", "common"), ("h", "c"), ("common", "host"), ("place", "x1")][..]);
    (1_u64.., any::<bool>(), any::<bool>(), any::<bool>(), names)
        .prop_map(|(seed, shuffle, loose, labels, names)| Style { seed, shuffle, loose, labels, names })
}

/// Writes a sketch in a style.
pub(crate) fn text(sketch: &Sketch, style: &Style) -> String {
    Pen { style, state: style.seed }.policy(sketch)
}

struct Pen<'s> {
    style: &'s Style,
    state: u64,
}

impl Pen<'_> {
    fn below(&mut self, bound: usize) -> usize {
        // xorshift64: any seed but 0.
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state % bound.max(1) as u64) as usize
    }

    fn mixed<T: Clone>(&mut self, items: &[T]) -> Vec<T> {
        let mut items = items.to_vec();
        if self.style.shuffle {
            for last in (1..items.len()).rev() {
                let other = self.below(last + 1);
                items.swap(last, other);
            }
        }
        items
    }

    fn gap(&mut self) -> &'static str {
        let all = ["\n", "\n\n    ", " // why\n", "\n//// a comment\n", "\n\t"];
        if self.style.loose { all[self.below(all.len())] } else { "\n" }
    }

    fn between(&mut self) -> &'static str {
        let all = ["; ", "\n", " ;\n ", " // and\n"];
        if self.style.loose { all[self.below(all.len())] } else { "; " }
    }

    fn policy(&mut self, sketch: &Sketch) -> String {
        let (host, common) = self.style.names;
        let mut entries = vec![
            format!("param {host}: host = \"contoso.example\""),
            format!("let {common} = {{ content_type like \"*\" }}"),
        ];
        let mut rules: Vec<String> = Vec::new();
        for (index, statement) in sketch.statements.iter().enumerate() {
            let label = if self.style.labels { format!("@label(\"rule {index}\") ") } else { String::new() };
            rules.push(format!("{label}{}", self.statement(statement)));
        }
        let rules = self.mixed(&rules);
        let gap = self.gap();
        let at = format!("tool azure_service_bus at namespace({host}) {{{gap}{}{gap}}}", rules.join(gap));
        entries.push(at);
        if !sketch.token.is_empty() {
            let settings = self.mixed(&sketch.token);
            let between = self.between();
            entries.push(format!("token {{ {} }}", settings.join(between)));
        }
        if sketch.proof {
            let settings = self.mixed(&["gateway_receipts required", "retain 30 days"]);
            let between = self.between();
            entries.push(format!("proof {{ {} }}", settings.join(between)));
        }
        let entries = self.mixed(&entries);
        let gap = self.gap();
        format!("use azure_service_bus\npolicy p {{{gap}{}{gap}}}\n", entries.join(gap))
    }

    fn statement(&mut self, statement: &Statement) -> String {
        let actions = self.mixed(&statement.actions).join(", ");
        let resources: Vec<String> =
            self.mixed(&statement.resources).iter().map(|one| self.resource(one)).collect();
        let target = format!("to {}", resources.join(", "));
        let mut conditions: Vec<String> =
            self.mixed(&statement.conditions).iter().map(|one| self.condition(one)).collect();
        if matches!(statement.verb, Verb::Require | Verb::Deny) {
            // A name and what it stands for say the same.
            conditions.push(self.style.names.1.to_owned());
        }
        let between = self.between();
        let block = format!("{{ {} }}", conditions.join(between));
        let when = if conditions.is_empty() { String::new() } else { format!(" when {block}") };
        match statement.verb {
            Verb::Allow => format!("allow {actions} {target}{when}"),
            Verb::Deny => format!("deny {actions} {target}{when}"),
            Verb::Require => format!("require {actions} {target} {block}"),
            Verb::Approval => {
                let settings = self.mixed(&[
                    "by did(\"did:web:a.example\"), did(\"did:web:b.example\")",
                    "quorum 2",
                    "within 1 h",
                ]);
                let between = self.between();
                format!("require approval of {actions} {target}{when} {{ {} }}", settings.join(between))
            }
            Verb::LimitCalls(max, per) => format!("limit calls of {actions} {target} to {max} per {per}"),
            Verb::LimitMessages(max) => format!("limit messages of {actions} {target} to {max} per job"),
        }
    }

    fn list(&mut self, members: &[&'static str]) -> String {
        let members: Vec<String> = self.mixed(members).iter().map(|member| format!("{member:?}")).collect();
        match members.as_slice() {
            [one] if self.style.loose => one.clone(),
            all => format!("[{}]", all.join(", ")),
        }
    }

    fn resource(&mut self, resource: &Resource) -> String {
        match resource {
            Resource::Exact(kind, names) => format!("{kind}({})", self.list(names)),
            Resource::Like(kind, pattern) => format!("{kind}(like {pattern:?})"),
            Resource::AnyOf(kind) => format!("any {kind}"),
            Resource::Any => "any".to_owned(),
        }
    }

    fn condition(&mut self, condition: &Condition) -> String {
        match condition {
            Condition::Bytes(operator, size) => format!("message_bytes {operator} {size} B"),
            Condition::Has(keys) => format!("properties has {}", self.list(keys)),
            Condition::Lacks(keys) => format!("properties lacks {}", self.list(keys)),
            Condition::Types(types) => {
                let types: Vec<String> = self.mixed(types).iter().map(|one| format!("{one:?}")).collect();
                format!("content_type in [{}]", types.join(", "))
            }
            Condition::Session(test) => format!("session_id {test}"),
            Condition::Batch(size) => format!("messages.size <= {size}"),
            Condition::Trace(test) => format!("properties[\"trace\"] {test}"),
        }
    }
}
