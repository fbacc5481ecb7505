//! Calls drawn at random, near a policy's constants.

use std::collections::BTreeMap;

use wpc_model::{Action, Call, Field, Interface, Resource, Step, Type, Value};

use super::address;
use super::pool::{MAX_SIZE, Pool, other_case, place};

/// SplitMix64 (Steele, Lea, Flood 2014): small, seeded, the same everywhere.
#[derive(Debug)]
pub(super) struct Random {
    state: u64,
}

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `bound`; 0 if `bound` is 0.
    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX);
        self.next().checked_rem(bound).and_then(|index| usize::try_from(index).ok()).unwrap_or(0)
    }

    /// True once in `of`.
    fn once_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    pub(super) fn pick<T>(&mut self, items: impl IntoIterator<Item = T>) -> Option<T> {
        let mut items: Vec<T> = items.into_iter().collect();
        let index = self.below(items.len());
        (index < items.len()).then(|| items.swap_remove(index))
    }

    /// A call of some action of `interface`; `None` if it has none.
    pub(super) fn call(&mut self, tool: &str, interface: &Interface, pool: &Pool) -> Option<Call> {
        let (name, action) = self.pick(&interface.actions)?;
        let resource = self.resource(action, interface, pool);
        let mut maker = Maker { random: self, interface, pool };
        let arguments = maker.fields(&action.arguments, None);
        Some(Call { tool: tool.to_owned(), action: name.clone(), resource, arguments })
    }

    fn resource(&mut self, action: &Action, interface: &Interface, pool: &Pool) -> Option<Resource> {
        let kind = self.pick(&action.kinds)?;
        let parameters = interface.kinds.get(kind)?.template.parameters.len();
        let names = (0..parameters).map(|slot| {
            let name = self.pick(pool.names(kind, slot)).cloned();
            name.unwrap_or_else(|| "other".to_owned())
        });
        Some(Resource { kind: kind.clone(), names: names.collect() })
    }
}

struct Maker<'m> {
    random: &'m mut Random,
    interface: &'m Interface,
    pool: &'m Pool,
}

impl Maker<'_> {
    /// Fields of a record at a place, or arguments and element fields where there is none.
    fn fields(
        &mut self,
        fields: &BTreeMap<String, Field>,
        at: Option<(&str, &[Step])>,
    ) -> BTreeMap<String, Value> {
        let mut made = BTreeMap::new();
        for (name, field) in fields {
            if field.optional && self.random.once_in(3) {
                continue;
            }
            let value = if field.sealed {
                Value::SEALED
            } else {
                match at {
                    None => self.value(&field.ty, name, &[]),
                    Some((outer, steps)) => {
                        let steps: Vec<Step> =
                            steps.iter().cloned().chain([Step::Field(name.clone())]).collect();
                        self.value(&field.ty, outer, &steps)
                    }
                }
            };
            made.insert(name.clone(), value);
        }
        made
    }

    fn value(&mut self, ty: &Type, name: &str, steps: &[Step]) -> Value {
        let here = place(name, steps);
        match ty {
            Type::Bool => Value::Bool(self.random.once_in(2)),
            Type::Json => Value::SEALED,
            Type::Choice(words) => self.random.pick(words).map_or(Value::SEALED, Value::text),
            Type::List(member) | Type::Set(member) => {
                let count = self.size(&here, 4);
                let mut members: Vec<Value> =
                    (0..count).map(|_| self.member(member, &here, name, steps)).collect();
                if matches!(ty, Type::Set(_)) {
                    members.sort();
                    members.dedup();
                }
                Value::List(members)
            }
            Type::Map(member) => {
                let count = self.size(&here, 5);
                let keys: Vec<String> = (0..count).map(|index| self.key(&here, index)).collect();
                let members = keys.into_iter().map(|key| {
                    let steps: Vec<Step> = steps.iter().cloned().chain([Step::Key(key.clone())]).collect();
                    let value = self.value(member, name, &steps);
                    (key, value)
                });
                Value::Map(members.collect())
            }
            Type::Record(record) => {
                let fields = self.interface.records.get(record).map(|record| &record.fields);
                Value::Map(fields.map(|fields| self.fields(fields, Some((name, steps)))).unwrap_or_default())
            }
            Type::Batch(record) => {
                let count = self.size(&here, 3).max(1);
                let fields = self.interface.records.get(record).map(|record| &record.fields);
                let elements = (0..count)
                    .map(|_| Value::Map(fields.map(|fields| self.fields(fields, None)).unwrap_or_default()));
                Value::List(elements.collect())
            }
            Type::Count | Type::Bytes | Type::Duration => Value::Int(self.number(&here).max(0)),
            Type::Int | Type::Decimal { .. } | Type::Money { .. } | Type::Time => {
                Value::Int(self.number(&here))
            }
            Type::Email | Type::Url => self.address(ty, name, steps),
            Type::Text | Type::Host | Type::Did | Type::Ip | Type::Path | Type::EntityName { .. } => {
                let near = self.random.pick(self.pool.values(&here)).and_then(Value::as_text);
                near.map_or_else(|| Value::Text("x".repeat(self.size(&here, 9))), Value::text)
            }
        }
    }

    /// An address near those that are compared, or with parts near those that are.
    fn address(&mut self, ty: &Type, name: &str, steps: &[Step]) -> Value {
        let near = self.random.pick(self.pool.values(&place(name, steps))).and_then(Value::as_text);
        let mut made = near.or(address::plain(ty)).unwrap_or_default().to_owned();
        for part in ty.parts() {
            let at: Vec<Step> = steps.iter().cloned().chain([Step::Field((*part).to_owned())]).collect();
            if let Some(value) = self.random.pick(self.pool.values(&place(name, &at))) {
                made = address::with(&made, part, value).unwrap_or(made);
            }
        }
        Value::Text(made)
    }

    fn number(&mut self, here: &str) -> i64 {
        let near = self.random.pick(self.pool.values(here)).and_then(Value::as_int);
        near.unwrap_or_else(|| i64::try_from(self.random.below(1000)).unwrap_or(0))
    }

    fn member(&mut self, ty: &Type, here: &str, name: &str, steps: &[Step]) -> Value {
        match self.random.pick(self.pool.values(here)).cloned() {
            Some(value @ (Value::Int(_) | Value::Text(_) | Value::Bool(_))) if !self.random.once_in(4) => {
                value
            }
            _ => self.value(ty, name, steps),
        }
    }

    fn key(&mut self, here: &str, index: usize) -> String {
        match self.random.pick(self.pool.values(here)).cloned() {
            Some(Value::Text(key)) => {
                if self.random.once_in(8) {
                    other_case(&key)
                } else {
                    key
                }
            }
            _ => format!("key{index}"),
        }
    }

    /// A size near those that are asked about, else below `usual`.
    fn size(&mut self, here: &str, usual: usize) -> usize {
        let near = if self.random.once_in(2) { self.random.pick(self.pool.sizes(here)) } else { None };
        near.unwrap_or_else(|| self.random.below(usual)).min(MAX_SIZE)
    }
}
