//! Splitting "one of" into boxes: conjunctions of bounds, in which each argument stands alone.

use std::collections::{BTreeMap, BTreeSet};

use wpc_model::{Field, Value};

use super::{Ask, Solver};
use crate::answer::Answer;
use crate::formula::{Formula, Literal, Values, outside};

/// One box, and what it must still be split by.
#[derive(Clone, Default)]
struct Box {
    of_field: BTreeMap<String, Vec<Literal>>,
    /// Fields with bounds that the values do not meet.
    changed: BTreeSet<String>,
    clauses: Vec<Vec<Formula>>,
    values: Values,
    empty: bool,
}

impl Box {
    /// Demands `formula` too.
    fn assume(&mut self, formula: Formula) {
        match formula {
            Formula::All(parts) => parts.into_iter().for_each(|part| self.assume(part)),
            Formula::Any(parts) if parts.is_empty() => self.empty = true,
            Formula::Any(mut parts) if parts.len() == 1 => {
                if let Some(part) = parts.pop() {
                    self.assume(part);
                }
            }
            Formula::Any(parts) => self.clauses.push(parts),
            Formula::Is(literal) => {
                let field = literal.field().to_owned();
                if !literal.holds(&self.values) {
                    self.changed.insert(field.clone());
                }
                self.of_field.entry(field).or_default().push(literal);
            }
        }
    }
}

impl Solver<'_> {
    /// Values of `fields` of which `formula` holds, and all that `broken` comes up with: what the
    /// values found so far break.
    pub(crate) fn boxes(
        &mut self,
        fields: &BTreeMap<String, Field>,
        formula: Formula,
        broken: &mut dyn FnMut(&Values) -> Option<Formula>,
    ) -> Answer<Values> {
        let mut first = Box { changed: fields.keys().cloned().collect(), ..Box::default() };
        first.assume(formula);
        let (mut left, mut undecided) = (vec![first], false);
        while let Some(mut one) = left.pop() {
            if !self.budget.spend(1) {
                return Answer::Undecided;
            }
            match self.values(fields, &mut one) {
                Answer::Yes(()) => {}
                Answer::No => continue,
                Answer::Undecided => {
                    undecided = true;
                    continue;
                }
            }
            let open = |parts: &Vec<Formula>| !parts.iter().any(|part| part.holds(&one.values));
            let clause = match one.clauses.iter().position(open) {
                Some(at) => one.clauses.swap_remove(at),
                None => match broken(&one.values) {
                    None => return Answer::Yes(one.values),
                    Some(Formula::Any(parts)) => parts,
                    Some(formula) => vec![formula],
                },
            };
            left.extend(split(one, clause));
        }
        if undecided { Answer::Undecided } else { Answer::No }
    }

    /// New values for the fields whose bounds the old ones do not meet.
    fn values(&mut self, fields: &BTreeMap<String, Field>, one: &mut Box) -> Answer<()> {
        if one.empty {
            return Answer::No;
        }
        if one.of_field.keys().any(|name| !fields.contains_key(name) && outside(name).is_none()) {
            return Answer::Undecided;
        }
        let mut undecided = false;
        for name in std::mem::take(&mut one.changed) {
            let Some(field) = fields.get(&name).or_else(|| outside(&name)) else { return Answer::Undecided };
            let literals = one.of_field.get(&name).map(Vec::as_slice).unwrap_or_default();
            let asks: Vec<Ask<'_>> = literals.iter().map(Ask::of).collect();
            match self.place(field, &asks) {
                Answer::Yes(value) => put(&mut one.values, name, value),
                Answer::No => return Answer::No,
                Answer::Undecided => undecided = true,
            }
        }
        if undecided { Answer::Undecided } else { Answer::Yes(()) }
    }
}

fn put(values: &mut Values, name: String, value: Option<Value>) {
    match value {
        Some(value) => values.insert(name, value),
        None => values.remove(&name),
    };
}

/// One box for each part of a clause, the first part's last, so that it is taken first. Where a part
/// is one bound, the boxes of later parts have its opposite, so that no two overlap.
fn split(mut one: Box, clause: Vec<Formula>) -> Vec<Box> {
    let mut boxes = Vec::with_capacity(clause.len());
    for part in clause {
        let opposite = if let Formula::Is(literal) = &part { literal.opposite() } else { None };
        let mut here = one.clone();
        here.assume(part);
        if !here.empty {
            boxes.push(here);
        }
        if let Some(opposite) = opposite {
            one.assume(Formula::Is(opposite));
        }
    }
    boxes.reverse();
    boxes
}
