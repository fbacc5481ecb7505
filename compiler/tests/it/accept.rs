//! The corpus of policies that compile: what they mean, in normal form.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use wpc_compiler::{Colour, Compiled, Effort, Parameters, Source, compile, gather, render_all};
use wpc_model::{Condition, Limit, Rule, Slot, Target, Test, Tool, Value};

/// The corpus, by name.
pub(crate) fn corpus() -> Vec<Source> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/accept");
    let entries = std::fs::read_dir(folder).expect("the corpus is there");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "wpc"));
    paths.sort();
    let source = |path: &PathBuf| {
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        let mut source = Source::new(name, std::fs::read_to_string(path).expect("readable"));
        let folder = path.parent().expect("a folder");
        gather(&mut source, |used| {
            std::fs::read_to_string(folder.join(used)).map_err(|error| error.to_string())
        });
        source
    };
    paths.iter().map(source).collect()
}

#[track_caller]
pub(crate) fn compiled(source: &Source) -> Compiled {
    match compile(source, &Parameters::new()) {
        Ok(compiled) => compiled,
        Err(found) => panic!("{}", render_all(&found, source, Colour::Plain)),
    }
}

/// A compiled policy, in as few words as show all of it.
fn said(compiled: &Compiled, source: &Source) -> String {
    let policy = &compiled.policy;
    let mut out =
        format!("policy {} {}\n{:?}\n{:?}\n", policy.name, policy.hash(), policy.auth, policy.evidence);
    if policy.settings != wpc_model::Settings::default() {
        out.push_str(&format!("{:#?}\n", policy.settings));
    }
    for (name, tool) in &policy.tools {
        let interface = &tool.interface;
        let slice: Vec<String> = [
            interface.actions.keys().collect::<Vec<_>>(),
            interface.kinds.keys().collect(),
            interface.records.keys().collect(),
            interface.classes.keys().collect(),
            interface.constraints.keys().collect(),
        ]
        .iter()
        .map(|names| names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" "))
        .collect();
        writeln!(out, "\ntool {name} is {} at {:?}\nslice {}", interface.name, tool.scope, slice.join(" | "))
            .expect("text");
        let mut lines: Vec<String> = rules("allow", &tool.allow, compiled);
        lines.extend(rules("deny", &tool.deny, compiled));
        lines.extend(limits(tool, compiled));
        out.extend(lines.into_iter().map(|line| line + "\n"));
    }
    for approval in &policy.approvals {
        let line = compiled.map.origins[&approval.id].line;
        writeln!(
            out,
            "\n{line}: approval of {} {} on {} if {} by {:?} quorum {} within {} ms, {:?}, {:?}",
            approval.tool,
            approval.actions.join(", "),
            targets(&approval.targets),
            conditions(&approval.conditions),
            approval.by,
            approval.quorum,
            approval.within_ms,
            approval.uses,
            approval.bind
        )
        .expect("text");
    }
    for (line, text) in orders(compiled) {
        write!(out, "\n{line}: {text}").expect("text");
    }
    for (layer, map) in policy.layers().zip(compiled.map.layers()).skip(1) {
        writeln!(out, "\nextends {} {} of {}", layer.name, layer.hash(), map.source).expect("text");
        for (name, tool) in &layer.tools {
            for rule in tool.allow.iter().chain(&tool.deny) {
                let (line, said) = (map.origins[&rule.id].line, conditions(&rule.conditions));
                let (action, target) = (rule.action.as_deref(), targets(std::slice::from_ref(&rule.target)));
                writeln!(out, "{line}: {name} at {:?}: {action:?} {target} if {said}", tool.scope)
                    .expect("text");
            }
            writeln!(out, "{} limits", tool.limits.len()).expect("text");
        }
    }
    if !policy.parents.is_empty() {
        writeln!(out, "\ntogether {:?}\n{:?}", policy.token(), policy.proof()).expect("text");
    }
    if !compiled.warnings.is_empty() {
        write!(out, "\n{}", render_all(&compiled.warnings, source, Colour::Plain)).expect("text");
    }
    out
}

/// Orders in the order of their lines.
fn orders(compiled: &Compiled) -> BTreeSet<(u32, String)> {
    let side = |side: &Vec<wpc_model::ToolActions>| {
        let one = |one: &wpc_model::ToolActions| {
            format!("{}.[{}] on {}", one.tool, one.actions.join(", "), targets(&one.targets))
        };
        side.iter().map(one).collect::<Vec<_>>().join("; ")
    };
    let order = |order: &wpc_model::Order| {
        let said = match &order.sequence {
            wpc_model::Sequence::Separate { sides: [first, second] } => {
                format!("separate {} from {}", side(first), side(second))
            }
            wpc_model::Sequence::Before(before) => format!("{before:?}"),
        };
        (compiled.map.origins[&order.id].line, said)
    };
    compiled.policy.orders.iter().map(order).collect()
}

/// Rules in the order of their lines, each with its line and label.
fn rules(effect: &str, rules: &[Rule], compiled: &Compiled) -> Vec<String> {
    let mut said: Vec<(u32, String)> = rules
        .iter()
        .map(|rule| {
            let origin = &compiled.map.origins[&rule.id];
            let label = origin.label.as_deref().map(|label| format!(" @{label}")).unwrap_or_default();
            let lines: Vec<String> = origin.lines.iter().map(ToString::to_string).collect();
            let action = rule.action.as_deref().unwrap_or("any");
            let text = format!(
                "{}: {effect} {action} {} if {} (lines {}){label}",
                origin.line,
                target(&rule.target),
                conditions(&rule.conditions),
                lines.join(" "),
            );
            assert_eq!(origin.conditions, rule.conditions);
            (origin.line, text)
        })
        .collect();
    said.sort();
    said.into_iter().map(|(_, text)| text).collect()
}

fn limits(tool: &Tool, compiled: &Compiled) -> Vec<String> {
    let said = |limit: &Limit| {
        let line = compiled.map.origins[&limit.id].line;
        let actions = limit.actions.join(", ");
        format!(
            "{line}: limit {:?} of {actions} on {} to {} per {:?}{}",
            limit.measure,
            targets(&limit.targets),
            limit.max,
            limit.window,
            counters(limit)
        )
    };
    let mut limits: Vec<String> = tool.limits.iter().map(said).collect();
    limits.sort();
    limits
}

/// What tells its counters apart.
fn counters(limit: &Limit) -> String {
    let agent = (limit.owner == wpc_model::Owner::Agent).then_some(" of the agent");
    let resource = limit.by_resource.then_some(" by resource");
    let by = limit.by.iter().map(|name| format!(" by {name}"));
    agent.into_iter().chain(resource).map(str::to_owned).chain(by).collect()
}

fn targets(all: &[Target]) -> String {
    all.iter().map(target).collect::<Vec<_>>().join(", ")
}

fn target(target: &Target) -> String {
    let Target::Of { kind, slots } = target else { return "any".to_owned() };
    let slot = |slot: &Slot| match slot {
        Slot::Any => "any".to_owned(),
        Slot::Exact(name) => format!("{name:?}"),
        Slot::Like(pattern) => format!("like {pattern:?}"),
    };
    format!("{kind}({})", slots.iter().map(slot).collect::<Vec<_>>().join(", "))
}

fn conditions(conditions: &[Condition]) -> String {
    conditions.iter().map(condition).collect::<Vec<_>>().join("; ")
}

fn condition(condition: &Condition) -> String {
    let subject = condition.subject.to_text();
    let set = |word: &str, set: &[Value]| format!("{subject} {word} {set:?}");
    match &condition.test {
        Test::Present => format!("{subject} is present"),
        Test::Absent => format!("{subject} is absent"),
        Test::Compare(comparison, constant) => format!("{subject} {} {constant:?}", comparison.symbol()),
        Test::Like(pattern) => format!("{subject} like {pattern:?}"),
        Test::Matches(pattern) => format!("{subject} matches {pattern:?}"),
        Test::Conforms(schema) => format!("{subject} conforms to {schema}"),
        Test::From(sources) => {
            let all: Vec<_> = sources.iter().map(|source| source.to_text()).collect();
            format!("{subject} from {all:?}")
        }
        Test::In(constants) => set("in", constants),
        Test::NotIn(constants) => set("not in", constants),
        Test::Has(constants) => set("has", constants),
        Test::Lacks(constants) => set("lacks", constants),
        Test::UnderDomain(constants) => set("under domain", constants),
        Test::UnderPath(constants) => set("under path", constants),
        Test::WithinCidr(constants) => set("within cidr", constants),
    }
}

#[test]
fn every_policy_means_what_people_were_shown() {
    for source in corpus() {
        let compiled = compiled(&source);
        let shown = format!("SOURCE\n{}\nRESULT\n{}", source.text(), said(&compiled, &source));
        insta::with_settings!({ snapshot_path => "../corpus/accept", prepend_module_to_snapshot => false,
            omit_expression => true }, {
            insta::assert_snapshot!(source.name().trim_end_matches(".wpc"), shown);
        });
    }
}

#[test]
fn every_policy_survives_the_full_self_check() {
    for source in corpus() {
        assert_eq!(compiled(&source).self_check(Effort::Full), Ok(()), "{}", source.name());
    }
}

#[test]
fn every_artifact_reads_back_as_the_same_policy() {
    for source in corpus() {
        let policy = compiled(&source).policy;
        let bytes = wpc_model::encode(&policy);
        assert_eq!(wpc_model::decode(&bytes).as_ref(), Ok(&policy), "{}", source.name());
    }
}

#[test]
fn formatting_a_policy_keeps_its_hash() {
    for source in corpus() {
        let print = |source: &Source| wpc_grammar::print(&wpc_grammar::parse(source).expect("it parses"));
        let mut printed = Source::new(source.name(), print(&source));
        gather(&mut printed, |used| {
            let Some(Ok(file)) = source.file(used) else { return Err("no lock".to_owned()) };
            // A schema is no policy text.
            Ok(if used.ends_with(".json") { file.text().to_owned() } else { print(file) })
        });
        assert_eq!(compiled(&printed).policy.hash(), compiled(&source).policy.hash(), "{}", source.name());
    }
}

#[test]
fn a_policy_keeps_its_interfaces_and_their_docs() {
    let corpus = corpus();
    let own = corpus.iter().find(|source| source.name() == "a_tool_of_ones_own.wpc").expect("it is there");
    let compiled = compiled(own);
    let whole = &compiled.interfaces["invoices"];
    assert!(!whole.shipped);
    assert_eq!(whole.docs[""], ["Invoices."]);
    assert_eq!(whole.docs["tenant"], ["A tenant."]);
    assert_eq!(whole.docs["line.amount"], ["gross"]);
    assert_eq!(compiled.map.docs, ["Pays invoices."]);
    let interfaces = wpc_compiler::interfaces(own).expect("it is sound");
    assert_eq!(interfaces["invoices"].interface, whole.interface);
    assert!(wpc_compiler::shipped("azure_service_bus").expect("it ships").shipped);
}
