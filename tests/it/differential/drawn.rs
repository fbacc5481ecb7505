//! The arguments of a call as they were drawn: neither the runtime's nor the model's.

use std::collections::{BTreeMap, BTreeSet};

use wpc_model::{Action, Field, Interface, Type, Value};

use crate::random::dice::Random;
use crate::random::domain::{BOUND, DIDS, EMAILS, HOSTS, IPS, KEYS, NAMES, PATHS, TEXTS, URLS};

/// Arguments or fields by name; what is absent has no entry.
#[derive(Debug)]
pub(super) struct Fields(BTreeMap<String, Drawn>);

/// One value.
#[derive(Debug)]
pub(super) enum Drawn {
    Bool(bool),
    Int(i64),
    Text(String),
    Bools(Vec<bool>),
    Ints(Vec<i64>),
    Counts(Vec<u64>),
    Texts(Vec<String>),
    /// Different keys, in any order.
    TextMap(Vec<(String, String)>),
    IntMap(BTreeMap<String, i64>),
    Record(Fields),
    Records(Vec<Fields>),
    /// A batch; one element alone may be given by value.
    Batch(Vec<Fields>, bool),
    Sealed,
}

impl Fields {
    /// Arguments for `action`.
    pub(super) fn draw(random: &mut Random, interface: &Interface, action: &Action) -> Self {
        Self::of(random, interface, &action.arguments)
    }

    fn of(random: &mut Random, interface: &Interface, fields: &BTreeMap<String, Field>) -> Self {
        let mut drawn = BTreeMap::new();
        for (name, field) in fields {
            if field.optional && random.chance(40) {
                continue;
            }
            let one = if field.sealed { Drawn::Sealed } else { Drawn::draw(random, interface, &field.ty) };
            drawn.insert(name.clone(), one);
        }
        Self(drawn)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Drawn> {
        self.0.get(name)
    }

    /// As the model has them.
    pub(super) fn values(
        &self,
        interface: &Interface,
        fields: &BTreeMap<String, Field>,
    ) -> BTreeMap<String, Value> {
        let value =
            |(name, drawn): (&String, &Drawn)| (name.clone(), drawn.value(interface, &fields[name].ty));
        self.0.iter().map(value).collect()
    }
}

impl Fields {
    /// Whether a set in it has a member twice.
    pub(super) fn repeats(&self, interface: &Interface, fields: &BTreeMap<String, Field>) -> bool {
        self.0.iter().any(|(name, drawn)| drawn.repeats(interface, &fields[name].ty))
    }
}

impl Drawn {
    fn repeats(&self, interface: &Interface, ty: &Type) -> bool {
        let of = |all: &[Fields], name: &str| {
            all.iter().any(|one| one.repeats(interface, &interface.records[name].fields))
        };
        match (self, ty) {
            (Self::Texts(all), Type::Set(_)) => all.iter().collect::<BTreeSet<_>>().len() < all.len(),
            (Self::Counts(all), Type::Set(_)) => all.iter().collect::<BTreeSet<_>>().len() < all.len(),
            (Self::Record(one), Type::Record(name)) => {
                one.repeats(interface, &interface.records[name].fields)
            }
            (Self::Batch(all, _), Type::Batch(name)) => of(all, name),
            (Self::Records(all), Type::List(member)) => {
                matches!(&**member, Type::Record(name) if of(all, name))
            }
            _ => false,
        }
    }

    fn draw(random: &mut Random, interface: &Interface, ty: &Type) -> Self {
        let count = random.below(4);
        match ty {
            Type::Bool => Self::Bool(random.chance(50)),
            Type::Json => Self::Sealed,
            // A set may be drawn with a member twice, which makes the call malformed.
            Type::List(member) | Type::Set(member) => match &**member {
                Type::Bool => Self::Bools((0..count).map(|_| random.chance(50)).collect()),
                Type::Int => Self::Ints((0..count).map(|_| integer(random, member)).collect()),
                Type::Count => {
                    Self::Counts((0..count).map(|_| integer(random, member).unsigned_abs()).collect())
                }
                Type::Record(record) => Self::Records(records(random, interface, record, count)),
                _ => Self::Texts((0..count).map(|_| text(random, member).to_owned()).collect()),
            },
            Type::Map(value) => {
                let mut keys = if random.chance(20) { Vec::new() } else { random.some(&KEYS, 3) };
                if random.chance(50) {
                    keys.reverse();
                }
                match **value {
                    Type::Int => {
                        let value = |key: &str| (key.to_owned(), integer(random, value));
                        Self::IntMap(keys.into_iter().map(value).collect())
                    }
                    _ => {
                        let mut value = |key: &str| (key.to_owned(), random.word(&TEXTS).to_owned());
                        Self::TextMap(keys.into_iter().map(&mut value).collect())
                    }
                }
            }
            Type::Record(record) => {
                Self::Record(Fields::of(random, interface, &interface.records[record].fields))
            }
            Type::Batch(record) => Self::Batch(records(random, interface, record, count), random.chance(50)),
            ty if ty.is_integer() => Self::Int(integer(random, ty)),
            ty => Self::Text(text(random, ty).to_owned()),
        }
    }

    fn value(&self, interface: &Interface, ty: &Type) -> Value {
        let records = |name: &str, records: &[Fields]| {
            let fields = &interface.records[name].fields;
            Value::List(records.iter().map(|one| Value::Map(one.values(interface, fields))).collect())
        };
        let mut value = match (self, ty) {
            (Self::Bool(value), _) => Value::Bool(*value),
            (Self::Int(value), _) => Value::Int(*value),
            (Self::Text(value), _) => Value::text(value),
            (Self::Bools(all), _) => Value::List(all.iter().map(|one| Value::Bool(*one)).collect()),
            (Self::Ints(all), _) => Value::List(all.iter().map(|one| Value::Int(*one)).collect()),
            (Self::Counts(all), _) => {
                Value::List(all.iter().map(|one| Value::Int(i64::try_from(*one).unwrap())).collect())
            }
            (Self::Texts(all), _) => Value::List(all.iter().map(Value::text).collect()),
            (Self::TextMap(all), _) => {
                Value::Map(all.iter().map(|(key, value)| (key.clone(), Value::text(value))).collect())
            }
            (Self::IntMap(all), _) => {
                Value::Map(all.iter().map(|(key, value)| (key.clone(), Value::Int(*value))).collect())
            }
            (Self::Record(one), Type::Record(name)) => {
                Value::Map(one.values(interface, &interface.records[name].fields))
            }
            (Self::Batch(all, _), Type::Batch(name)) => records(name, all),
            (Self::Records(all), Type::List(member) | Type::Set(member)) => match &**member {
                Type::Record(name) => records(name, all),
                other => panic!("records drawn for {other:?}"),
            },
            (Self::Sealed, _) => Value::SEALED,
            (drawn, ty) => panic!("{drawn:?} drawn for {ty:?}"),
        };
        if let (Type::Set(_), Value::List(members)) = (ty, &mut value) {
            members.sort();
            members.dedup();
        }
        value
    }
}

fn records(random: &mut Random, interface: &Interface, record: &str, count: usize) -> Vec<Fields> {
    (0..count).map(|_| Fields::of(random, interface, &interface.records[record].fields)).collect()
}

/// Names for a resource whose parameters are of `types`: as a program's text would hold them.
pub(super) fn names(random: &mut Random, types: &[(String, Type)]) -> &'static [&'static str] {
    const LANES: [&str; 2] = ["left", "right"];
    static ALL: std::sync::LazyLock<Names> = std::sync::LazyLock::new(|| {
        let one = |names: &[&'static str]| names.iter().map(|name| vec![*name]).collect::<Vec<_>>();
        let two = |left: &[&'static str], right: &[&'static str]| {
            left.iter().flat_map(|left| right.iter().map(|right| vec![*left, *right])).collect::<Vec<_>>()
        };
        Names {
            named: one(&NAMES),
            titled: one(&TEXTS),
            paged: two(&NAMES, &NAMES),
            hosted: two(&HOSTS, &LANES),
            mailed: one(&EMAILS),
            linked: one(&URLS),
            addressed: one(&IPS),
            filed: one(&PATHS),
        }
    });
    let all = match types {
        [(_, Type::EntityName { .. })] => &ALL.named,
        [(_, Type::Text)] => &ALL.titled,
        [(_, Type::Email)] => &ALL.mailed,
        [(_, Type::Url)] => &ALL.linked,
        [(_, Type::Ip)] => &ALL.addressed,
        [(_, Type::Path)] => &ALL.filed,
        [(_, Type::EntityName { .. }), _] => &ALL.paged,
        [(_, Type::Host), _] => &ALL.hosted,
        other => panic!("no names for {other:?}"),
    };
    random.pick(all).unwrap()
}

struct Names {
    named: Vec<Vec<&'static str>>,
    titled: Vec<Vec<&'static str>>,
    paged: Vec<Vec<&'static str>>,
    hosted: Vec<Vec<&'static str>>,
    mailed: Vec<Vec<&'static str>>,
    linked: Vec<Vec<&'static str>>,
    addressed: Vec<Vec<&'static str>>,
    filed: Vec<Vec<&'static str>>,
}

/// An integer of `ty` for a call.
fn integer(random: &mut Random, ty: &Type) -> i64 {
    match ty {
        Type::Count | Type::Bytes | Type::Duration => random.between(0, BOUND + 1),
        _ => random.between(-BOUND - 1, BOUND + 1),
    }
}

/// A text of `ty` for a call.
fn text<'a>(random: &mut Random, ty: &'a Type) -> &'a str {
    match ty {
        Type::EntityName { .. } => random.word(&NAMES),
        Type::Host => random.word(&HOSTS),
        Type::Did => random.word(&DIDS),
        Type::Email => random.word(&EMAILS),
        Type::Url => random.word(&URLS),
        Type::Ip => random.word(&IPS),
        Type::Path => random.word(&PATHS),
        Type::Choice(words) => random.pick(words).map_or("", String::as_str),
        _ => random.word(&TEXTS),
    }
}
