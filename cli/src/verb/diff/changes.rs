//! What was written otherwise, statement by statement, and what came of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wpc_analysis::{Comparison, Direction, Part, Shown};
use wpc_model::RuleId;

use super::side::{Side, Statement};
use crate::table::Table;

/// What a change came to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Effect {
    wider: bool,
    narrower: bool,
    undecided: bool,
}

impl Effect {
    fn and(self, other: Self) -> Self {
        Self {
            wider: self.wider || other.wider,
            narrower: self.narrower || other.narrower,
            undecided: self.undecided || other.undecided,
        }
    }

    /// `None`: nothing was found, and perhaps not all was looked for.
    fn word(self, whole: bool) -> Option<&'static str> {
        match self {
            Self { wider: true, narrower: true, .. } => Some("incomparable"),
            Self { undecided: true, .. } => Some("undecided"),
            Self { wider: true, .. } => Some("wider"),
            Self { narrower: true, .. } => Some("narrower"),
            Self { .. } => whole.then_some("none"),
        }
    }
}

/// One statement that only one policy has, or that the other has otherwise.
#[derive(Debug)]
struct Change<'s> {
    old: Option<Said<'s>>,
    new: Option<Said<'s>>,
    effect: Option<&'static str>,
}

/// A statement and its id.
type Said<'s> = (RuleId, &'s Statement);

/// All of them.
#[derive(Debug)]
pub(super) struct Changes<'s>(Vec<Change<'s>>);

/// Pairs what the two policies say of the same.
pub(super) fn changes<'s>(old: &'s Side, new: &'s Side, found: &Comparison) -> Changes<'s> {
    let effects = effects(found);
    let mut about: BTreeMap<(&str, &str), [Vec<Said<'s>>; 2]> = BTreeMap::new();
    for (side, other, at) in [(old, new, 0), (new, old, 1)] {
        for (id, statement) in &side.statements {
            let pair = about.entry((statement.kind, &statement.about)).or_default();
            if let Some(list) = pair.get_mut(at).filter(|_| !other.statements.contains_key(id)) {
                list.push((*id, statement));
            }
        }
    }
    let mut all = Vec::new();
    let mut add = |old: Option<Said<'s>>, new: Option<Said<'s>>| {
        let of =
            |one: Option<Said<'_>>| one.and_then(|(id, _)| effects.get(&id)).copied().unwrap_or_default();
        all.push(Change { old, new, effect: of(old).and(of(new)).word(!found.more) });
    };
    for [removed, added] in about.into_values() {
        if let ([one], [other]) = (removed.as_slice(), added.as_slice()) {
            add(Some(*one), Some(*other));
            continue;
        }
        removed.into_iter().for_each(|one| add(Some(one), None));
        added.into_iter().for_each(|one| add(None, Some(one)));
    }
    Changes(all)
}

/// What was found of each statement.
fn effects(found: &Comparison) -> BTreeMap<RuleId, Effect> {
    let mut effects: BTreeMap<RuleId, Effect> = BTreeMap::new();
    for one in &found.differences {
        let undecided = matches!(one.shown, Shown::Undecided(_));
        let effect = Effect {
            wider: !undecided && one.direction == Direction::Wider,
            narrower: !undecided && one.direction == Direction::Narrower,
            undecided,
        };
        let ids = match &one.part {
            Part::Allow { rule, denied_by } => [Some(*rule), *denied_by],
            Part::Limit(id) | Part::Approval(id) | Part::Order(id) => [Some(*id), None],
            Part::Setting(_) | Part::Parent(_) => [None, None],
        };
        for id in ids.into_iter().flatten() {
            let known = effects.entry(id).or_default();
            *known = known.and(effect);
        }
    }
    effects
}

impl Changes<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The reviewer's table: what it came to, `-` and `+`, the statement, its line.
    pub(super) fn table(&self) -> Table {
        let mut table = Table::indented(2);
        for change in &self.0 {
            let effect = match change.effect {
                Some("none") => "no effect",
                Some(word) => word,
                None => "",
            };
            let mut effect = Some(effect);
            for (sign, one, other) in [("-", &change.old, &change.new), ("+", &change.new, &change.old)] {
                let Some((_, statement)) = one else { continue };
                // Of a pair what both say is left out.
                let said = |bound: &&String| !other.is_some_and(|(_, other)| other.bounds.contains(bound));
                let bounds = statement.bounds.iter().filter(said).map(|bound| format!("\n  {bound}"));
                let text = format!("{}{}", statement.head, bounds.collect::<String>());
                let line = statement.line.map_or(String::new(), |line| format!("line {line}"));
                let effect = effect.take().unwrap_or_default().to_owned();
                table.row([effect, sign.to_owned(), line, text]);
            }
        }
        table
    }

    pub(super) fn json(&self) -> Vec<Value> {
        let side = |one: &Option<Said<'_>>| {
            one.as_ref().map(|(id, statement)| {
                json!({ "id": id.to_string(), "text": statement.text(), "line": statement.line })
            })
        };
        let of = |change: &Change<'_>| {
            let word = match (&change.old, &change.new) {
                (Some(_), Some(_)) => "changed",
                (Some(_), None) => "removed",
                (None, _) => "added",
            };
            let kind = change.old.or(change.new).map(|(_, statement)| statement.kind);
            json!({
                "change": word,
                "kind": kind,
                "effect": change.effect,
                "old": side(&change.old),
                "new": side(&change.new),
            })
        };
        self.0.iter().map(of).collect()
    }
}
