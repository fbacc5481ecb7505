//! Lists, sets and batches: what must be in them, what every member and what some member must be.

use std::collections::BTreeMap;

use wpc_model::{Comparison, Field, Quantifier, Step, Test, Type, Value};

use super::{Ask, Goal, Solver};
use crate::answer::Answer;
use crate::bound::Bound;
use crate::formula::{Formula, Values};
use crate::number::Numbers;

/// Most members that a list, a set or a batch may have.
const MAX_MEMBERS: i64 = 10_000;
/// Most different members that are made up to reach a set's size.
const MAX_ADDED: usize = 64;
/// Most "some member is so" that are tried on each other's members.
const MAX_SHARED: usize = 5;

/// What the members belong to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Shape {
    List,
    Set,
    /// Its formulas speak of the fields of an element, and not of the element.
    Batch,
}

/// All that is asked of the members.
struct Wanted {
    shape: Shape,
    /// What formulas speak of: a record's fields, or the member alone under the name `""`.
    fields: BTreeMap<String, Field>,
    must: Vec<Value>,
    every: Vec<Formula>,
    exists: Vec<Formula>,
    sizes: Numbers,
}

impl Solver<'_> {
    pub(super) fn members(&mut self, member: &Type, shape: Shape, asks: &[Ask<'_>]) -> Answer<Value> {
        let Some(wanted) = self.wanted(member, shape, asks) else { return Answer::Undecided };
        let breaks = |one: &Value| !wanted.every.iter().all(|formula| formula.holds(&wanted.fields_of(one)));
        if wanted.must.iter().any(breaks) {
            return Answer::No;
        }
        let is_met = |formula: &Formula, members: &[Value]| {
            members.iter().any(|one| formula.holds(&wanted.fields_of(one)))
        };
        // One member for each thing that some member must be, where none is so already.
        let (mut members, mut left) = (wanted.must.clone(), Vec::new());
        for formula in wanted.exists.iter().filter(|formula| !is_met(formula, &wanted.must)) {
            left.push(formula);
            if is_met(formula, &members) {
                continue;
            }
            match self.member(&wanted, &[formula]) {
                Answer::Yes(found) => members.push(found),
                Answer::No => return Answer::No,
                Answer::Undecided => return Answer::Undecided,
            }
        }
        match self.filled(&wanted, members) {
            Answer::No if left.len() > 1 => {}
            answer @ (Answer::Yes(_) | Answer::No | Answer::Undecided) => return answer,
        }
        // Of so many no size is in reach: perhaps one member can be several of these things.
        if left.len() > MAX_SHARED {
            return Answer::Undecided;
        }
        self.shared(&wanted, &left, &mut Vec::new())
    }

    /// Tries every way to let one member be several of the things in `left`.
    fn shared<'f>(
        &mut self,
        wanted: &Wanted,
        left: &[&'f Formula],
        groups: &mut Vec<Vec<&'f Formula>>,
    ) -> Answer<Value> {
        let Some((first, rest)) = left.split_first() else {
            let mut members = wanted.must.clone();
            for group in groups.iter() {
                match self.member(wanted, group) {
                    Answer::Yes(found) => members.push(found),
                    Answer::No => return Answer::No,
                    Answer::Undecided => return Answer::Undecided,
                }
            }
            return self.filled(wanted, members);
        };
        let mut undecided = false;
        for index in 0..=groups.len() {
            match groups.get_mut(index) {
                Some(group) => group.push(first),
                None => groups.push(vec![first]),
            }
            match self.shared(wanted, rest, groups) {
                Answer::Yes(found) => return Answer::Yes(found),
                Answer::No => {}
                Answer::Undecided => undecided = true,
            }
            if let Some(group) = groups.get_mut(index) {
                group.pop();
                if group.is_empty() {
                    groups.pop();
                }
            }
        }
        if undecided { Answer::Undecided } else { Answer::No }
    }

    /// `None`: it asks for what is not understood here.
    fn wanted(&self, member: &Type, shape: Shape, asks: &[Ask<'_>]) -> Option<Wanted> {
        let fields = match (shape, member) {
            (Shape::Batch, Type::Record(record)) => self.interface.records.get(record)?.fields.clone(),
            _ => BTreeMap::from([(String::new(), plain(member))]),
        };
        let mut wanted = Wanted {
            shape,
            fields,
            must: Vec::new(),
            every: Vec::new(),
            exists: Vec::new(),
            sizes: Numbers::between(0, MAX_MEMBERS),
        };
        for ask in asks {
            match (ask.steps, ask.goal) {
                ([Step::Size], Goal::Test(None, test, bound)) => {
                    wanted.sizes = wanted.sizes.and(&Numbers::of(test, bound)?);
                }
                ([], Goal::Every(formula)) => wanted.every.push(Formula::clone(formula)),
                ([], Goal::Exists(formula)) => wanted.exists.push(Formula::clone(formula)),
                (steps, Goal::Test(Some(quantifier), test, bound)) => {
                    let formula = Formula::of_member(steps, test, bound);
                    // `each` is the least truth of the members, `some` the greatest.
                    if (quantifier == Quantifier::Each) == bound.is_least() {
                        wanted.every.push(formula);
                    } else {
                        wanted.exists.push(formula);
                    }
                }
                ([], Goal::Test(None, Test::Has(set), bound)) => {
                    wanted.contents(set, bound.is_least(), bound)?
                }
                ([], Goal::Test(None, Test::Lacks(set), bound)) => {
                    wanted.contents(set, !bound.is_least(), bound)?;
                }
                _ => return None,
            }
        }
        wanted.must.sort_unstable();
        wanted.must.dedup();
        Some(wanted)
    }

    /// A member that is so in every way.
    fn member(&mut self, wanted: &Wanted, formulas: &[&Formula]) -> Answer<Value> {
        let all = wanted.every.iter().chain(formulas.iter().copied()).cloned().collect();
        let found = self.boxes(&wanted.fields, Formula::All(all), &mut |_| None);
        match found {
            Answer::Yes(mut fields) => match wanted.shape {
                Shape::Batch => Answer::Yes(Value::Map(fields)),
                Shape::List | Shape::Set => fields.remove("").map_or(Answer::Undecided, Answer::Yes),
            },
            Answer::No => Answer::No,
            Answer::Undecided => Answer::Undecided,
        }
    }

    /// `members`, and as many more as a size needs; `No`: not with these.
    fn filled(&mut self, wanted: &Wanted, mut members: Vec<Value>) -> Answer<Value> {
        if wanted.shape == Shape::Set {
            members.sort_unstable();
            members.dedup();
        }
        let count = i64::try_from(members.len()).unwrap_or(i64::MAX);
        let Some(size) = wanted.sizes.at_least(count) else { return Answer::No };
        let missing = usize::try_from(size.saturating_sub(count)).unwrap_or(0);
        if wanted.shape != Shape::Set {
            let more = match members.first() {
                Some(first) => first.clone(),
                None if missing == 0 => return Answer::Yes(Value::List(members)),
                None => match self.member(wanted, &[]) {
                    Answer::Yes(found) => found,
                    Answer::No => return Answer::No,
                    Answer::Undecided => return Answer::Undecided,
                },
            };
            members.extend(std::iter::repeat_n(more, missing));
            return Answer::Yes(Value::List(members));
        }
        if missing > MAX_ADDED {
            return Answer::Undecided;
        }
        for _ in 0..missing {
            let others: Vec<Formula> = members.iter().map(differs).collect();
            match self.member(wanted, &others.iter().collect::<Vec<_>>()) {
                Answer::Yes(found) => members.push(found),
                Answer::No => return Answer::No,
                Answer::Undecided => return Answer::Undecided,
            }
        }
        members.sort_unstable();
        Answer::Yes(Value::List(members))
    }
}

impl Wanted {
    /// Notes a bound on "all of `set` are in it", or with `there` false "none is".
    fn contents(&mut self, set: &[Value], there: bool, bound: Bound) -> Option<()> {
        if set.len() > 1 && !bound.is_least() {
            return None;
        }
        if set.is_empty() && !bound.is_least() {
            self.every.push(Formula::FALSE);
            self.sizes = Numbers::between(1, 0);
        }
        for one in set {
            if there {
                self.must.push(one.clone());
            } else {
                self.every.push(differs(one));
            }
        }
        Some(())
    }

    /// A member as the formulas speak of it.
    fn fields_of(&self, member: &Value) -> Values {
        match (self.shape, member) {
            (Shape::Batch, Value::Map(fields)) => fields.clone(),
            _ => Values::from([(String::new(), member.clone())]),
        }
    }
}

/// That a member is not this value.
fn differs(value: &Value) -> Formula {
    Formula::of_member(&[], &Test::Compare(Comparison::NotEqual, value.clone()), Bound::True)
}

fn plain(ty: &Type) -> Field {
    Field { ty: ty.clone(), optional: false, measured: false, sealed: false, must_state: false }
}
