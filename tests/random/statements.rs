//! Whole policies: some of everything, over one interface.

use std::fmt::Write;

use wpc_model::{Action, Interface, Type};

use super::conditions::{Subject, condition, shared};
use super::dice::Random;
use super::domain::{constant, pattern};

/// What one statement speaks of.
struct Spoken<'i> {
    interface: &'i Interface,
    names: Vec<&'i str>,
    actions: Vec<&'i Action>,
    subjects: Vec<Subject>,
}

impl<'i> Spoken<'i> {
    fn of(interface: &'i Interface, names: Vec<&'i str>) -> Self {
        let actions: Vec<_> = names.iter().filter_map(|name| interface.actions.get(*name)).collect();
        let subjects = shared(interface, &actions);
        Self { interface, names, actions, subjects }
    }

    /// Some of `from` that belong together: the same kinds for all.
    fn draw(random: &mut Random, interface: &'i Interface, from: &[&'i str]) -> Self {
        let first = random.word(from);
        let mut names = vec![first];
        let kinds = |name: &str| interface.actions.get(name).map(|action| action.kinds.clone());
        let takes_some = kinds(first).is_some_and(|kinds| !kinds.is_empty());
        // What one must state, the other may not have.
        let states = |name: &str| {
            interface
                .actions
                .get(name)
                .is_some_and(|action| action.arguments.values().any(|field| field.must_state))
        };
        if let Some(other) = random.pick(from)
            && takes_some
            && *other != first
            && kinds(other) == kinds(first)
            && !states(first)
            && !states(other)
        {
            names.push(other);
        }
        Self::of(interface, names)
    }

    fn actions(&self) -> String {
        self.names.join(", ")
    }

    /// A `to …` that every action takes, or nothing where none takes any.
    fn target(&self, random: &mut Random, allow: bool) -> String {
        let Some(action) = self.actions.first().filter(|action| !action.kinds.is_empty()) else {
            return String::new();
        };
        let own = action.preposition.map_or("on", wpc_model::Preposition::word);
        let word = if self.actions.len() == 1 && random.chance(70) { own } else { "on" };
        if !allow && random.chance(15) {
            return random.word(&["", " on any"]).to_owned();
        }
        let count = 1 + random.below(3);
        let mut resources = Vec::new();
        for _ in 0..count {
            let kind = random.pick(&action.kinds).map_or("", String::as_str);
            resources.push(self.resource(random, kind));
        }
        format!(" {word} {}", resources.join(", "))
    }

    fn resource(&self, random: &mut Random, kind: &str) -> String {
        if random.chance(12) {
            return format!("any {kind}");
        }
        let parameters = self.interface.kinds.get(kind).map(|kind| &kind.template.parameters);
        let slots: Vec<String> = parameters
            .into_iter()
            .flatten()
            .map(|(name, ty)| {
                let slot = slot(random, ty);
                if random.chance(10) { format!("{name}: {slot}") } else { slot }
            })
            .collect();
        // By name all of them or none.
        let named = slots.iter().all(|slot| slot.contains(": "));
        let slots = slots.iter().map(|slot| match slot.split_once(": ") {
            Some((_, value)) if !named => value,
            _ => slot,
        });
        format!("{kind}({})", slots.collect::<Vec<_>>().join(", "))
    }

    /// `{ … }` with at most `most` conditions, those of `first` before them.
    fn conditions(&self, random: &mut Random, first: Vec<String>, most: usize) -> String {
        let mut lines = first;
        for _ in 0..random.below(most + 1) {
            lines.extend(condition(random, &self.subjects));
        }
        if lines.is_empty() { String::new() } else { format!("{{ {} }}", lines.join("; ")) }
    }

    fn when(&self, random: &mut Random, first: Vec<String>, most: usize) -> String {
        let conditions = self.conditions(random, first, most);
        if conditions.is_empty() { conditions } else { format!(" when {conditions}") }
    }

    /// The conditions that every allow must have.
    fn stated(&self, random: &mut Random) -> Vec<String> {
        let arguments = self.actions.iter().flat_map(|action| &action.arguments);
        let stated = arguments.filter(|(_, field)| field.must_state);
        stated
            .filter_map(|(name, field)| Some(format!("{name} == {}", constant(random, &field.ty)?)))
            .collect()
    }

    /// What a limit may count, and its type.
    fn measures(&self) -> Vec<(String, Type)> {
        let Some((first, others)) = self.actions.split_first() else { return Vec::new() };
        let of = |action: &Action| -> Vec<(String, Type)> {
            let record = action.batch().and_then(|(_, record)| self.interface.records.get(record));
            let fields = record.into_iter().flat_map(|record| &record.fields).chain(&action.arguments);
            fields
                .filter(|(_, field)| !field.optional && !field.sealed)
                .map(|(name, field)| (name.clone(), field.ty.clone()))
                .collect()
        };
        let countable =
            |ty: &Type| matches!(ty, Type::Count | Type::Bytes | Type::Money { .. } | Type::Batch(_));
        let common = of(first)
            .into_iter()
            .filter(|one| countable(&one.1) && others.iter().all(|other| of(other).contains(one)));
        common.chain([("calls".to_owned(), Type::Count)]).collect()
    }
}

fn slot(random: &mut Random, ty: &Type) -> String {
    let exact = |random: &mut Random| constant(random, ty).unwrap_or_default();
    match random.below(10) {
        0 => "any".to_owned(),
        1 | 2 if !matches!(ty, Type::Choice(_) | Type::Email | Type::Url | Type::Ip) => {
            format!("like {}", pattern(random))
        }
        3 => format!("in [{}]", exact(random)),
        _ => exact(random),
    }
}

/// The statements of a policy's tool, a line each.
///
/// The second text is of `rules` that the policy mixes in: duties that could stand in the first.
pub(crate) fn statements(random: &mut Random, interface: &Interface) -> (String, String) {
    let classed = |name: &str, duty: fn(&wpc_model::Class) -> bool| {
        let classes = interface.actions.get(name).into_iter().flat_map(|action| &action.classes);
        classes.filter_map(|class| interface.classes.get(class)).any(duty)
    };
    let all: Vec<&str> = interface.actions.keys().map(String::as_str).collect();
    let (alone, others): (Vec<&str>, Vec<&str>) =
        all.iter().partition(|name| classed(name, |class| class.alone));
    let allowed = if random.chance(6) {
        random.some(&alone, 1)
    } else {
        let mut mixed = random.some(&others, 5);
        // Batches have most to go wrong.
        mixed.extend(
            others
                .iter()
                .filter(|name| interface.actions.get(**name).is_some_and(|one| one.batch().is_some())),
        );
        mixed.dedup();
        mixed
    };
    let mut lines: Vec<String> = Vec::new();
    for _ in 0..2 + random.below(6) {
        let spoken = Spoken::draw(random, interface, &allowed);
        lines.push(allow(random, &spoken));
    }
    for _ in 0..random.below(4) {
        let from = if random.chance(80) { &allowed } else { &all };
        let spoken = Spoken::draw(random, interface, from);
        lines.push(deny(random, &spoken));
    }
    for _ in 0..random.below(3) {
        let spoken = Spoken::draw(random, interface, &allowed);
        let conditions = spoken.conditions(random, Vec::new(), 2);
        if !conditions.is_empty() {
            lines.push(format!("require {}{} {conditions}", spoken.actions(), spoken.target(random, false)));
        }
    }
    for _ in 0..random.below(3) {
        let spoken = Spoken::draw(random, interface, &allowed);
        lines.extend(limit(random, &spoken));
    }
    for name in allowed.iter().filter(|name| classed(name, |class| class.approved)) {
        lines.push(approval(random, name));
    }
    if random.chance(25) {
        let spoken = Spoken::draw(random, interface, &allowed);
        let of = format!(
            "{}{}{}",
            spoken.actions(),
            spoken.target(random, false),
            spoken.when(random, Vec::new(), 2)
        );
        lines.push(approval(random, &of));
    }
    let (mut own, mut apart) = (String::new(), String::new());
    let mixes = random.chance(30);
    for (index, line) in lines.iter().enumerate() {
        let goes_apart = mixes && !line.starts_with("allow ") && random.chance(50);
        let text = if goes_apart { &mut apart } else { &mut own };
        if random.chance(5) {
            let _ = writeln!(text, "        @label(\"rule {index}\")");
        }
        let _ = writeln!(text, "        {line}");
    }
    (own, apart)
}

fn allow(random: &mut Random, spoken: &Spoken<'_>) -> String {
    let target = spoken.target(random, true);
    let stated = spoken.stated(random);
    format!("allow {}{target}{}", spoken.actions(), spoken.when(random, stated, 3))
}

fn deny(random: &mut Random, spoken: &Spoken<'_>) -> String {
    if random.chance(4) {
        return "deny any".to_owned();
    }
    if random.chance(4)
        && let Some(kind) = spoken.actions.first().and_then(|action| action.kinds.first())
    {
        return format!("deny any on {}", spoken.resource(random, kind));
    }
    format!("deny {}{}{}", spoken.actions(), spoken.target(random, false), spoken.when(random, Vec::new(), 3))
}

fn limit(random: &mut Random, spoken: &Spoken<'_>) -> Option<String> {
    let measures = spoken.measures();
    let (measure, ty) = random.pick(&measures)?;
    let most = 1 + random.below(5);
    let most = match ty {
        Type::Bytes => format!("{most} B"),
        Type::Money { currency } => format!("0.0{most} {currency}"),
        _ => most.to_string(),
    };
    let window = random.word(&["job", "minute", "2 s", "hour"]);
    Some(format!(
        "limit {measure} of {}{} to {most} per {window}",
        spoken.actions(),
        spoken.target(random, false)
    ))
}

fn approval(random: &mut Random, of: &str) -> String {
    let uses = random.word(&["", "; uses 2", "; uses unlimited"]);
    let bind = random.word(&["", "; bind arguments"]);
    format!(
        "require approval of {of} {{ by did(\"did:web:a\"), did(\"did:web:b\"); quorum 1; within 30 min{uses}{bind} }}"
    )
}
