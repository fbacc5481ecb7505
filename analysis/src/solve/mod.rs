//! Values that are as asked: of a type, of a call's arguments, of the elements of a batch.
//!
//! ```text
//! formula ──boxes──▶ bounds on each argument ──place──▶ a value for each, or none
//!    ▲  splits "one of"      independent of each other       exact per type
//!    └── a rule that the values break is asked for too, until they break none
//! ```
//!
//! Conditions compare an argument with constants and never with another argument, so a conjunction of
//! bounds is met if each argument can meet its own.

mod address;
mod boxes;
mod map;
mod members;

use std::collections::BTreeMap;
use std::sync::Arc;

use wpc_model::{Field, Interface, MAX_INTEGER, Quantifier, Slot, Step, Test, Truth, Type, Value};

use crate::answer::{Answer, Budget};
use crate::bound::Bound;
use crate::formula::{Formula, Literal, Values};
use crate::number::Numbers;
use crate::text;

/// Deepest nesting of types that is looked into; checked interfaces have less.
const MAX_DEPTH: u32 = 32;

/// Looks for values of an interface's types.
#[derive(Debug)]
pub(crate) struct Solver<'i> {
    interface: &'i Interface,
    budget: Budget,
    depth: u32,
}

/// One bound on what stands at the end of `steps` from a value.
#[derive(Clone, Copy, Debug)]
struct Ask<'a> {
    steps: &'a [Step],
    goal: Goal<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Goal<'a> {
    Test(Option<Quantifier>, &'a Test, Bound),
    Slot(&'a Slot, Bound),
    Every(&'a Arc<Formula>),
    Exists(&'a Arc<Formula>),
}

impl<'a> Ask<'a> {
    fn of(literal: &'a Literal) -> Self {
        match literal {
            Literal::Test { condition, bound } => Self {
                steps: &condition.subject.steps,
                goal: Goal::Test(condition.subject.quantifier, &condition.test, *bound),
            },
            Literal::Slot { slot, bound, .. } => Self { steps: &[], goal: Goal::Slot(slot, *bound) },
            Literal::Every { of, .. } => Self { steps: &[], goal: Goal::Every(of) },
            Literal::Exists { of, .. } => Self { steps: &[], goal: Goal::Exists(of) },
        }
    }

    /// Whether it is met where nothing stands: presence is false, absence true, all else unknown.
    fn is_met_by_nothing(&self) -> bool {
        self.is_met(|presence| if presence { Truth::False } else { Truth::True })
    }

    /// Whether it is met where what stands there cannot be told.
    fn is_met_by_unclear(&self) -> bool {
        self.is_met(|_| Truth::Unknown)
    }

    /// Whether it is met where something stands that cannot be read.
    fn is_met_by_unread(&self) -> bool {
        self.is_met(|presence| if presence { Truth::True } else { Truth::False })
    }

    /// Whether it is met if presence (true) and absence (false) are as `asked`, and all else unknown.
    fn is_met(&self, asked: impl Fn(bool) -> Truth) -> bool {
        match self.goal {
            Goal::Test(None, Test::Present, bound) => bound.admits(asked(true)),
            Goal::Test(None, Test::Absent, bound) => bound.admits(asked(false)),
            Goal::Test(_, _, bound) => bound.admits(Truth::Unknown),
            Goal::Slot(..) | Goal::Every(_) | Goal::Exists(_) => false,
        }
    }

    fn is_presence(&self) -> bool {
        matches!(self.goal, Goal::Test(None, Test::Present | Test::Absent, _))
    }
}

impl<'i> Solver<'i> {
    pub(crate) const fn new(interface: &'i Interface, budget: Budget) -> Self {
        Self { interface, budget, depth: 0 }
    }

    /// Steps that are left.
    pub(crate) const fn left(&self) -> u32 {
        self.budget.left()
    }

    /// What may stand as `field`: a value, or nothing if it is optional.
    fn place(&mut self, field: &Field, asks: &[Ask<'_>]) -> Answer<Option<Value>> {
        if field.optional && asks.iter().all(Ask::is_met_by_nothing) {
            return Answer::Yes(None);
        }
        self.value(&field.ty, field.sealed, asks).map(Some)
    }

    /// A value of `ty` that is as asked.
    fn value(&mut self, ty: &Type, sealed: bool, asks: &[Ask<'_>]) -> Answer<Value> {
        if self.depth >= MAX_DEPTH || !self.budget.spend(1) {
            return Answer::Undecided;
        }
        // Where a value came from and what it conforms to is not in the call, nor is what a sealed one says: what
        // else is asked may still exclude all values.
        let unread = sealed || *ty == Type::Json;
        let is_attested = |ask: &Ask<'_>| {
            matches!(ask.goal, Goal::Test(_, Test::From(_) | Test::Conforms(_), _))
                || (unread && !(ask.steps.is_empty() && ask.is_presence()))
        };
        if asks.iter().any(is_attested) {
            let others: Vec<Ask<'_>> = asks.iter().filter(|ask| !is_attested(ask)).copied().collect();
            return match self.value(ty, sealed, &others) {
                Answer::No => Answer::No,
                Answer::Yes(_) | Answer::Undecided => Answer::Undecided,
            };
        }
        self.depth = self.depth.saturating_add(1);
        let found = self.present(ty, sealed, asks);
        self.depth = self.depth.saturating_sub(1);
        found
    }

    fn present(&mut self, ty: &Type, sealed: bool, asks: &[Ask<'_>]) -> Answer<Value> {
        if sealed || *ty == Type::Json {
            let met = asks.iter().all(Ask::is_met_by_unread);
            return if met { Answer::Yes(Value::SEALED) } else { Answer::No };
        }
        // It is there, which may be all that is asked.
        let is_there = |ask: &&Ask<'_>| ask.steps.is_empty() && ask.is_presence();
        if !asks.iter().filter(is_there).all(Ask::is_met_by_unread) {
            return Answer::No;
        }
        let asks: Vec<Ask<'_>> = asks.iter().filter(|ask| !is_there(ask)).copied().collect();
        match ty {
            Type::Bool => boolean(&asks),
            Type::List(member) => self.members(member, members::Shape::List, &asks),
            Type::Set(member) => self.members(member, members::Shape::Set, &asks),
            Type::Batch(record) => self.members(&Type::Record(record.clone()), members::Shape::Batch, &asks),
            Type::Map(member) => self.map(member, &asks),
            Type::Record(record) => self.record(record, &asks),
            Type::Int
            | Type::Count
            | Type::Bytes
            | Type::Duration
            | Type::Decimal { .. }
            | Type::Money { .. }
            | Type::Time => integer(self.interface, ty, &asks),
            Type::Text | Type::Host | Type::Did | Type::Path | Type::EntityName { .. } | Type::Choice(_) => {
                self.spelt(ty, None, &asks)
            }
            // The name of a resource is asked for as a whole.
            Type::Email | Type::Url | Type::Ip
                if asks.iter().any(|ask| matches!(ask.goal, Goal::Slot(..))) =>
            {
                self.spelt(ty, None, &asks)
            }
            Type::Email | Type::Url | Type::Ip => self.address(ty, &asks),
            Type::Json => Answer::Undecided,
        }
    }

    fn record(&mut self, record: &str, asks: &[Ask<'_>]) -> Answer<Value> {
        let interface = self.interface;
        let Some(record) = interface.records.get(record) else { return Answer::Undecided };
        let mut values = Values::new();
        let mut undecided = false;
        let mut of_field: BTreeMap<&str, Vec<Ask<'_>>> = BTreeMap::new();
        for ask in asks {
            let Some((Step::Field(name), steps)) = ask.steps.split_first() else { return Answer::Undecided };
            of_field.entry(name).or_default().push(Ask { steps, ..*ask });
        }
        if of_field.keys().any(|name| !record.fields.contains_key(*name)) {
            return Answer::Undecided;
        }
        for (name, field) in &record.fields {
            let asks = of_field.get(name.as_str()).map(Vec::as_slice).unwrap_or_default();
            match self.place(field, asks) {
                Answer::Yes(Some(value)) => {
                    values.insert(name.clone(), value);
                }
                Answer::Yes(None) => {}
                Answer::No => return Answer::No,
                Answer::Undecided => undecided = true,
            }
        }
        if undecided { Answer::Undecided } else { Answer::Yes(Value::Map(values)) }
    }

    /// A text of `ty`, or spelt more narrowly.
    fn spelt(&mut self, ty: &Type, spelling: Option<text::Spelling>, asks: &[Ask<'_>]) -> Answer<Value> {
        let mut sizes = Numbers::representable();
        let mut texts = Vec::new();
        for ask in asks {
            match (ask.steps, ask.goal) {
                ([Step::Size], Goal::Test(None, test, bound)) => {
                    let Some(found) = Numbers::of(test, bound) else { return Answer::Undecided };
                    sizes = sizes.and(&found);
                }
                ([], Goal::Test(None, test, bound)) => {
                    let Some(ask) = text_ask(test, bound.is_least()) else { return Answer::Undecided };
                    texts.push(ask);
                }
                ([], Goal::Slot(slot, bound)) => match slot_ask(slot, bound) {
                    Ok(ask) => texts.extend(ask),
                    Err(Never) => return Answer::No,
                },
                _ => return Answer::Undecided,
            }
        }
        text::find(self.interface, ty, spelling, &texts, &sizes, &mut self.budget).map(Value::Text)
    }
}

/// What a test asks of a text that is there: it is true or false of it, never unknown.
fn text_ask(test: &Test, holds: bool) -> Option<text::Ask<'_>> {
    use wpc_model::Comparison::{Equal, NotEqual};
    let among = |set, wanted: bool| text::Ask::Among { set, wanted: wanted == holds };
    Some(match test {
        Test::Compare(Equal, constant) => among(std::slice::from_ref(constant), true),
        Test::Compare(NotEqual, constant) => among(std::slice::from_ref(constant), false),
        Test::In(set) => among(set, true),
        Test::NotIn(set) => among(set, false),
        Test::Like(pattern) => text::Ask::Like { pattern, fold: false, wanted: holds },
        Test::Matches(pattern) => text::Ask::Matches { pattern, wanted: holds },
        Test::UnderDomain(set) => text::Ask::Under { set, what: text::Under::Domain, wanted: holds },
        Test::UnderPath(set) => text::Ask::Under { set, what: text::Under::Path, wanted: holds },
        Test::Compare(..)
        | Test::Conforms(_)
        | Test::From(_)
        | Test::Has(_)
        | Test::Lacks(_)
        | Test::Present
        | Test::Absent
        | Test::WithinCidr(_) => return None,
    })
}

/// Nothing can be so.
struct Never;

/// What a slot asks of a name; `None` if nothing. Another letter case is unknown.
fn slot_ask(slot: &Slot, bound: Bound) -> Result<Option<text::Ask<'_>>, Never> {
    let wanted = bound.is_least();
    let fold = matches!(bound, Bound::NotFalse | Bound::False);
    match slot {
        Slot::Any if wanted => Ok(None),
        Slot::Any => Err(Never),
        Slot::Exact(name) if fold => Ok(Some(text::Ask::Same { name, wanted })),
        Slot::Exact(name) => Ok(Some(text::Ask::Exactly { name, wanted })),
        Slot::Like(pattern) => Ok(Some(text::Ask::Like { pattern, fold, wanted })),
    }
}

fn boolean(asks: &[Ask<'_>]) -> Answer<Value> {
    use wpc_model::Comparison::{AtLeast, AtMost, Equal, Greater, Less, NotEqual};
    let mut possible = vec![false, true];
    for ask in asks {
        let Goal::Test(None, Test::Compare(comparison, Value::Bool(constant)), bound) = ask.goal else {
            return Answer::Undecided;
        };
        let holds = |value: &bool| match comparison {
            Equal => Truth::of(value == constant),
            NotEqual => Truth::of(value != constant),
            Less | AtMost | Greater | AtLeast => Truth::Unknown,
        };
        possible.retain(|value| bound.admits(holds(value)));
    }
    possible.first().map_or(Answer::No, |value| Answer::Yes(Value::Bool(*value)))
}

fn integer(interface: &Interface, ty: &Type, asks: &[Ask<'_>]) -> Answer<Value> {
    let mut numbers = Numbers::representable();
    if ty.is_natural() {
        numbers = Numbers::between(0, MAX_INTEGER);
    } else if *ty == Type::Time {
        // The years 0 to 9999.
        numbers = Numbers::between(-62_167_219_200_000, 253_402_300_799_999);
    }
    for ask in asks {
        let Goal::Test(None, test, bound) = ask.goal else { return Answer::Undecided };
        let Some(found) = Numbers::of(test, bound).filter(|_| ask.steps.is_empty()) else {
            return Answer::Undecided;
        };
        numbers = numbers.and(&found);
    }
    match numbers.nearest_to_zero().map(Value::Int) {
        Some(value) if interface.conforms(ty, &value).is_ok() => Answer::Yes(value),
        Some(_) => Answer::Undecided,
        None => Answer::No,
    }
}
