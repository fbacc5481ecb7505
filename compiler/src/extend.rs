//! `extends`: policies of other files, each compiled as if it stood alone, and what they come to together.
//!
//! ```text
//! extends "./base.wpc"   link, resolve (parameters from the child), check, lower   ─▶ Parent, embedded whole
//! compose                do both mean the same by a tool, and may both ever allow what one of them does?
//! ```
//!
//! Tests of a parent are not looked at, and its lints are its own: they are said where it is compiled.

use std::collections::{BTreeMap, BTreeSet};

use wpc_grammar::syntax::{File, Text};
use wpc_grammar::{Source, Span};
use wpc_model::{Clash, Clashing, MAX_PARENT_DEPTH, MAX_PARENTS, MAX_RULES, Policy, Principal};
use wpc_model::{Rule, Slot, Target};

use crate::checked::{Checked, Parent};
use crate::compiled::Map;
use crate::lines::Lines;
use crate::link::{self, Files};
use crate::names::Names;
use crate::resolve::{self, Given, Resolved};
use crate::{Code, Diagnostic, Problems, check, lower};

/// Most patterns of one action that the allows of a policy are held against.
const MAX_PATTERNS: usize = 1_000;

/// Compiles what a policy extends, and what that extends.
pub(crate) struct Extending<'f> {
    source: &'f Source,
    files: &'f Files,
    /// How many more there may be.
    left: usize,
    depth: usize,
}

impl<'f> Extending<'f> {
    pub(crate) const fn new(source: &'f Source, files: &'f Files) -> Self {
        Self { source, files, left: MAX_PARENTS, depth: 0 }
    }

    /// What the policy of the file at `path` extends, sorted by hash. One that is left out was reported
    /// as an error.
    pub(crate) fn parents(
        &mut self,
        path: &str,
        resolved: &Resolved<'_>,
        problems: &mut Problems,
    ) -> Vec<Parent> {
        let Some(policy) = &resolved.policy else { return Vec::new() };
        let mut first: BTreeMap<String, Span> = BTreeMap::new();
        let mut parents = Vec::new();
        for written in policy.extends {
            let place = written.loc.0;
            let left = self.left.checked_sub(1).filter(|_| self.depth < MAX_PARENT_DEPTH);
            let Some(left) = left else {
                problems.report(too_many(place));
                break;
            };
            let Some((of, tree)) = self.files.find(path, written, problems) else { continue };
            if let Some(first) = first.insert(of.clone(), place) {
                problems.report(
                    Diagnostic::error(
                        Code::RepeatedParent,
                        place,
                        format!("found {:?} extended twice", written.value),
                        "already extended",
                    )
                    .also(first, "first extended here")
                    .help("remove one of them"),
                );
                continue;
            }
            self.left = left;
            self.depth = self.depth.saturating_add(1);
            parents.extend(self.parent(&of, tree, written, &policy.names, problems));
            self.depth = self.depth.saturating_sub(1);
        }
        // Two files may say the same; the artifact has it once.
        let mut sorted: Vec<_> = parents.into_iter().map(|parent| (parent.policy.hash(), parent)).collect();
        sorted.sort_by_key(|(hash, _)| *hash);
        sorted.dedup_by_key(|(hash, _)| *hash);
        sorted.into_iter().map(|(_, parent)| parent).collect()
    }

    /// The policy of one file; `None` only if an error was reported.
    fn parent(
        &mut self,
        path: &str,
        tree: &File,
        written: &Text,
        names: &Names<'_>,
        problems: &mut Problems,
    ) -> Option<Parent> {
        let (place, before) = (written.loc.0, problems.errors());
        let linked = link::link(self.files, path, tree, problems);
        let lines = Lines::of(self.source).mixing(linked.mixed());
        let given = Given::Child { names, place };
        let mut resolved = resolve::resolve(&linked, self.source, &lines, given, problems);
        resolved.tests.clear();
        if resolved.policy.is_none() {
            problems.report(
                Diagnostic::error(
                    Code::UnusableFile,
                    place,
                    format!("found no policy in {:?}", written.value),
                    "nothing to extend",
                )
                .help("name the file of a policy; `use` is for interfaces and rules"),
            );
            return None;
        }
        let parents = self.parents(path, &resolved, problems);
        let schemas = check::Schemas { files: self.files, source: self.source };
        let checked = check::check(&resolved, parents, schemas, &lines, problems).policy;
        let name = self.source.at(tree.loc.0.start).name();
        if let Some(checked) = checked.as_ref().filter(|_| problems.errors() == before) {
            compose(checked, name, problems);
        }
        linked.explain(problems);
        problems.explain(tree.loc.0, place, "extended here");
        let checked = checked.filter(|_| problems.errors() == before)?;
        let (policy, map) = lower::lower(&checked, name);
        Some(Parent { checked: Box::new(checked), policy, map, place })
    }
}

fn too_many(place: Span) -> Diagnostic {
    Diagnostic::error(
        Code::TooMany,
        place,
        format!(
            "found more than {MAX_PARENTS} policies that are extended, or more than {MAX_PARENT_DEPTH} above each other"
        ),
        "one too many",
    )
    .help("write what they say into fewer")
}

/// Reports what a sound policy and those that it extends cannot be together.
pub(crate) fn compose(checked: &Checked, source: &str, problems: &mut Problems) {
    if checked.parents.is_empty() {
        return;
    }
    let (policy, map) = lower::lower(checked, source);
    let rules = |tool: &wpc_model::Tool| tool.allow.len().saturating_add(tool.deny.len());
    let all = policy.layers().flat_map(|layer| layer.tools.values()).map(rules);
    let all = all.fold(0_usize, usize::saturating_add);
    if !crate::bounds::few(all, MAX_RULES, "rules with all that is extended", checked.place, problems) {
        return;
    }
    if let Some(clash) = policy.clash() {
        return problems.report(clashing(checked, &clash));
    }
    never_allowed(&policy, &map, checked, problems);
    contradicting(&policy, checked, problems);
}

/// Where the parent that `layer` is, or is above, is extended.
fn place_of(checked: &Checked, layer: &Policy) -> Span {
    let is_above = |parent: &&Parent| parent.policy.layers().any(|one| one == layer);
    checked.parents.iter().find(is_above).map_or(checked.place, |parent| parent.place)
}

fn clashing(checked: &Checked, clash: &Clash<'_>) -> Diagnostic {
    let (name, parent) = (clash.tool, &clash.parent.name);
    let (what, help) = match &clash.found {
        Clashing::Interface => (
            format!("of another interface than that of `{parent}`"),
            "name one of them otherwise, `tool … as …`".to_owned(),
        ),
        Clashing::Scope => (
            format!("in another place than that of `{parent}`"),
            "bind both in one place: a parameter of both policies can say it".to_owned(),
        ),
        Clashing::Action(action) => {
            (format!("whose `{action}` is not that of `{parent}`"), same_interface(name))
        }
        Clashing::Kind(kind) => (format!("whose `{kind}` is not that of `{parent}`"), same_interface(name)),
        Clashing::Record(record) => {
            (format!("whose record `{record}` is not that of `{parent}`"), same_interface(name))
        }
    };
    let place = checked.tools.get(name).map_or(checked.place, |tool| tool.place);
    Diagnostic::error(
        Code::ClashingParent,
        place,
        format!("found tool `{name}` {what}, which is extended"),
        "not the same tool",
    )
    .also(place_of(checked, clash.parent), "extended here")
    .help(help)
}

fn same_interface(name: &str) -> String {
    format!("have both policies `use` one file that says what `{name}` is")
}

/// Reports allows of what something that is extended never allows.
fn never_allowed(policy: &Policy, map: &Map, checked: &Checked, problems: &mut Problems) {
    for layer in policy.layers().skip(1) {
        let mut reported: BTreeSet<Span> = BTreeSet::new();
        for (name, tool) in &policy.tools {
            let allows = Allows::of(layer, name);
            for rule in tool.allow.iter().filter(|rule| !allows.may_allow(rule)) {
                let Some(origin) = map.origins.get(&rule.id) else { continue };
                if !reported.insert(origin.span) {
                    continue;
                }
                let action = rule.action.as_deref().unwrap_or_default();
                let message = match &rule.target {
                    Target::Any => {
                        format!("found an `allow` of `{action}`, which `{}` never allows", layer.name)
                    }
                    Target::Of { kind, slots } => {
                        let named: Vec<_> = slots.iter().map(slot).collect();
                        let named = named.join(", ");
                        format!(
                            "found an `allow` of `{action}` for `{kind}({named})`, which `{}` never allows",
                            layer.name
                        )
                    }
                };
                problems.report(
                    Diagnostic::error(Code::NeverApplies, origin.span, message, "can never apply")
                        .also(place_of(checked, layer), "extended here: a call needs what this allows too")
                        .help("remove it, or allow it there too")
                        .of_rule(origin.label.as_deref().unwrap_or(&origin.text)),
                );
            }
        }
    }
}

fn slot(slot: &Slot) -> String {
    match slot {
        Slot::Any => "any".to_owned(),
        Slot::Exact(name) => format!("{name:?}"),
        Slot::Like(pattern) => format!("like {pattern:?}"),
    }
}

/// What one policy allows of one tool, by action.
#[derive(Default)]
struct Allows<'p> {
    exact: BTreeMap<&'p str, BTreeSet<&'p Target>>,
    open: BTreeMap<&'p str, Vec<&'p Target>>,
}

impl<'p> Allows<'p> {
    fn of(policy: &'p Policy, tool: &str) -> Self {
        let mut allows = Self::default();
        for rule in policy.tools.get(tool).into_iter().flat_map(|tool| &tool.allow) {
            let action = rule.action.as_deref().unwrap_or_default();
            if is_exact(&rule.target) {
                allows.exact.entry(action).or_default().insert(&rule.target);
            } else {
                allows.open.entry(action).or_default().push(&rule.target);
            }
        }
        allows
    }

    /// Whether some call that `rule` speaks of may be allowed here, as far as resources tell.
    fn may_allow(&self, rule: &Rule) -> bool {
        let action = rule.action.as_deref().unwrap_or_default();
        let open = self.open.get(action).map(Vec::as_slice).unwrap_or_default();
        if open.len() > MAX_PATTERNS || open.iter().any(|target| meet(target, &rule.target)) {
            return true;
        }
        let Some(exact) = self.exact.get(action) else { return false };
        match is_exact(&rule.target) {
            true => exact.contains(&rule.target),
            false => exact.len() > MAX_PATTERNS || exact.iter().any(|target| meet(target, &rule.target)),
        }
    }
}

fn is_exact(target: &Target) -> bool {
    match target {
        Target::Any => false,
        Target::Of { slots, .. } => slots.iter().all(|slot| matches!(slot, Slot::Exact(_))),
    }
}

/// Whether one resource may be meant by both; of two patterns that is taken for granted.
fn meet(one: &Target, other: &Target) -> bool {
    let (Target::Of { kind, slots }, Target::Of { kind: other, slots: others }) = (one, other) else {
        return true;
    };
    let both = |(one, other): (&Slot, &Slot)| match (one, other) {
        (Slot::Exact(name), pattern) | (pattern, Slot::Exact(name)) => pattern.matches(name).is_true(),
        (Slot::Any | Slot::Like(_), Slot::Any | Slot::Like(_)) => true,
    };
    kind == other && slots.len() == others.len() && slots.iter().zip(others).all(both)
}

/// Reports settings that leave nothing: no agent, no time, no environment.
fn contradicting(policy: &Policy, checked: &Checked, problems: &mut Problems) {
    let layers = || policy.layers().map(|layer| (layer, &layer.settings));
    let mut report = |layer: &Policy, what: &str, help: &str| {
        problems.report(
            Diagnostic::error(
                Code::RepeatedSetting,
                place_of(checked, layer),
                format!("found {what}, with what is extended"),
                "contradicts the others",
            )
            .help(help),
        );
    };
    let mut agents: Option<BTreeSet<&Principal>> = None;
    for (layer, settings) in layers().filter(|(_, settings)| !settings.agents.is_empty()) {
        let named: BTreeSet<_> = settings.agents.iter().collect();
        let left: BTreeSet<_> =
            agents.map_or(named.clone(), |all| all.intersection(&named).copied().collect());
        if left.is_empty() {
            return report(layer, "no agent that every policy admits", "name one agent in all of them");
        }
        agents = Some(left);
    }
    let from = layers().filter_map(|(_, settings)| settings.valid.from).max();
    let until = layers().filter_map(|(layer, settings)| Some((settings.valid.until?, layer)));
    if let (Some(from), Some((until, layer))) = (from, until.min_by_key(|(until, _)| *until))
        && until <= from
    {
        return report(layer, "no time at which every policy is valid", "have their times meet");
    }
    let mut environment: Option<&String> = None;
    for (layer, settings) in layers() {
        let Some(name) = &settings.environment else { continue };
        if *environment.get_or_insert(name) != name {
            return report(layer, "two environments", "name one, or none in what many extend");
        }
    }
}
