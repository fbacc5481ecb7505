//! What is asked of a call or of one element of a batch: bounds on conditions, joined.

use std::collections::BTreeMap;
use std::sync::Arc;

use wpc_model::{Comparison, Condition, Field, Moment, Slot, Step, Subject, Test, Type, Value};

use crate::bound::Bound;

/// The values that a formula speaks of, by name: a call's arguments and its resource's names, or
/// the fields of one element.
pub(crate) type Values = BTreeMap<String, Value>;

/// Bounds joined by "all of" and "one of".
#[derive(Clone, Debug)]
pub(crate) enum Formula {
    All(Vec<Self>),
    Any(Vec<Self>),
    Is(Literal),
}

/// One bound.
#[derive(Clone, Debug)]
pub(crate) enum Literal {
    /// On a condition; where it has several keys or members, on all of them at once.
    Test { condition: Arc<Condition>, bound: Bound },
    /// On what stands in a slot; `field` is its [`slot_name`].
    Slot { field: Arc<str>, slot: Arc<Slot>, bound: Bound },
    /// Every element of the batch `field` is so.
    Every { field: Arc<str>, of: Arc<Formula> },
    /// Some element is.
    Exists { field: Arc<str>, of: Arc<Formula> },
}

/// The name of a resource's name among a call's [`Values`]. No argument has such a name.
pub(crate) fn slot_name(index: usize) -> String {
    format!("\0{index}")
}

/// The names of the clock's parts among a call's [`Values`]: what a moment is, as far as conditions
/// can tell.
pub(crate) const TIME: &str = "\0time";
pub(crate) const WEEKDAY: &str = "\0weekday";

/// What names of things begin with that are not in a call: what the gate alone answers.
const ATTESTED: &str = "\0attested ";

/// A thing that is not in a call: true, false, or absent where it is not known.
static OUTSIDE: Field =
    Field { ty: Type::Bool, optional: true, measured: false, sealed: false, must_state: false };

/// The field of a thing that is not in a call.
pub(crate) fn outside(name: &str) -> Option<&'static Field> {
    name.starts_with(ATTESTED).then_some(&OUTSIDE)
}

/// Formulas read the clock among the values.
const NO_MOMENT: Moment = Moment::at(0);

/// What a subject is called among [`Values`].
fn subject(of: &Subject) -> Subject {
    match of.steps.as_slice() {
        [Step::Field(part)] if of.is_of_clock() && part == "time" => Subject::plain(TIME),
        [Step::Field(part)] if of.is_of_clock() && part == "weekday" => Subject::plain(WEEKDAY),
        _ => of.clone(),
    }
}

impl Formula {
    /// What always holds.
    pub(crate) const TRUE: Self = Self::All(Vec::new());

    /// What never holds.
    pub(crate) const FALSE: Self = Self::Any(Vec::new());

    /// Each of `parts` under a least bound, one of them under a greatest.
    pub(crate) fn joined(bound: Bound, parts: Vec<Self>) -> Self {
        if bound.is_least() { Self::All(parts) } else { Self::Any(parts) }
    }

    /// `condition` within `bound`. Of several keys or members each is asked for by itself.
    pub(crate) fn of(condition: &Condition, bound: Bound) -> Self {
        let one = |test: Test| {
            let condition = Arc::new(Condition { subject: subject(&condition.subject), test });
            Self::Is(Literal::Test { condition, bound })
        };
        let split = condition.subject.quantifier.is_none();
        let each = |set: &[Value], test: fn(Vec<Value>) -> Test| {
            Self::joined(bound, set.iter().map(|key| one(test(vec![key.clone()]))).collect())
        };
        if let Test::Has(set) = &condition.test
            && set.len() > 1
            && split
        {
            return each(set, Test::Has);
        }
        if let Test::Lacks(set) = &condition.test
            && set.len() > 1
            && split
        {
            return each(set, Test::Lacks);
        }
        one(condition.test.clone())
    }

    /// As [`Formula::of`], of a condition on the call that the gate alone answers: where a value came from, what
    /// it conforms to, what a sealed one says. It is a thing by itself, true or false or unknown whatever the
    /// value is. That is more than can be, so what is then excluded is excluded; a call that is found is
    /// replayed, where nobody knows.
    pub(crate) fn attested(condition: &Condition, bound: Bound) -> Self {
        let name = format!("{ATTESTED}{condition:?}");
        let test = Test::Compare(Comparison::Equal, Value::Bool(true));
        Self::of(&Condition { subject: Subject::plain(&name), test }, bound)
    }

    /// `test` of what stands at the end of `steps` in a list's member, which has the name `""`.
    pub(crate) fn of_member(steps: &[Step], test: &Test, bound: Bound) -> Self {
        let subject = Subject { quantifier: None, name: String::new(), steps: steps.to_vec() };
        Self::of(&Condition { subject, test: test.clone() }, bound)
    }

    /// Whether it holds of `values`.
    pub(crate) fn holds(&self, values: &Values) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(values)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(values)),
            Self::Is(literal) => literal.holds(values),
        }
    }
}

impl Literal {
    /// The name of the one value that it speaks of.
    pub(crate) fn field(&self) -> &str {
        match self {
            Self::Test { condition, .. } => &condition.subject.name,
            Self::Slot { field, .. } | Self::Every { field, .. } | Self::Exists { field, .. } => field,
        }
    }

    pub(crate) fn holds(&self, values: &Values) -> bool {
        match self {
            Self::Test { condition, bound } => bound.admits(condition.holds(values, NO_MOMENT)),
            Self::Slot { field, slot, bound } => {
                let name = values.get(&**field).and_then(Value::as_text);
                name.is_some_and(|name| bound.admits(slot.matches(name)))
            }
            Self::Every { field, of } => elements(values, field).iter().all(|one| holds_of(of, one)),
            Self::Exists { field, of } => elements(values, field).iter().any(|one| holds_of(of, one)),
        }
    }

    /// What holds exactly where this does not, if that is again one bound.
    pub(crate) fn opposite(&self) -> Option<Self> {
        match self {
            Self::Test { condition, bound } => {
                Some(Self::Test { condition: Arc::clone(condition), bound: bound.opposite() })
            }
            Self::Slot { field, slot, bound } => {
                Some(Self::Slot { field: Arc::clone(field), slot: Arc::clone(slot), bound: bound.opposite() })
            }
            Self::Every { .. } | Self::Exists { .. } => None,
        }
    }
}

fn elements<'v>(values: &'v Values, field: &str) -> &'v [Value] {
    values.get(field).and_then(Value::as_list).unwrap_or_default()
}

fn holds_of(formula: &Formula, element: &Value) -> bool {
    element.as_map().is_some_and(|fields| formula.holds(fields))
}
