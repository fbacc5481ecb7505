//! Maps: which keys are there, in which letter case, and what stands under them.

use std::collections::{BTreeMap, BTreeSet};

use wpc_model::{Step, Test, Truth, Type, Value};

use super::{Ask, Goal, Solver};
use crate::answer::Answer;
use crate::bound::Bound;
use crate::formula::Values;
use crate::number::Numbers;
use crate::text::in_another_case;

/// Most spellings of one key that differ in letter case only.
const MAX_SPELLINGS: usize = 6;
/// Most keys that are added to reach a size.
const MAX_ADDED: i64 = 10_000;

/// What is asked of the keys that are the same but for their letter case.
#[derive(Default)]
struct Family<'a> {
    /// Every spelling that anything asks for.
    spellings: BTreeSet<&'a str>,
    /// Bounds on "this key is there".
    contains: Vec<(&'a str, Bound)>,
    /// Bounds on what stands under a key.
    under: Vec<(&'a str, Ask<'a>)>,
}

impl Solver<'_> {
    pub(super) fn map(&mut self, member: &Type, asks: &[Ask<'_>]) -> Answer<Value> {
        let mut sizes = Numbers::between(0, MAX_ADDED);
        let mut families: BTreeMap<String, Family<'_>> = BTreeMap::new();
        for ask in asks {
            match (ask.steps, ask.goal) {
                ([Step::Size], Goal::Test(None, test, bound)) => {
                    let Some(found) = Numbers::of(test, bound) else { return Answer::Undecided };
                    sizes = sizes.and(&found);
                }
                ([Step::Key(key), steps @ ..], goal) => {
                    let family = families.entry(key.to_ascii_lowercase()).or_default();
                    family.spellings.insert(key);
                    family.under.push((key, Ask { steps, goal }));
                }
                ([], Goal::Test(None, Test::Has(keys), bound)) => {
                    if !contains(&mut families, keys, bound) {
                        return Answer::Undecided;
                    }
                }
                ([], Goal::Test(None, Test::Lacks(keys), bound)) => {
                    let bound = match bound {
                        Bound::True => Bound::False,
                        Bound::NotFalse => Bound::NotTrue,
                        Bound::NotTrue => Bound::NotFalse,
                        Bound::False => Bound::True,
                    };
                    if !contains(&mut families, keys, bound) {
                        return Answer::Undecided;
                    }
                }
                _ => return Answer::Undecided,
            }
        }
        let (mut entries, mut undecided) = (Values::new(), false);
        for family in families.values() {
            match self.family(member, family, &mut undecided) {
                Some(found) => entries.extend(found),
                None if undecided => return Answer::Undecided,
                None => return Answer::No,
            }
        }
        let count = i64::try_from(entries.len()).unwrap_or(i64::MAX);
        // Each family has as few keys as it can have, so a size below is out of reach.
        let Some(size) = sizes.at_least(count) else {
            return if undecided { Answer::Undecided } else { Answer::No };
        };
        if size > count {
            let value = match self.value(member, false, &[]) {
                Answer::Yes(value) => value,
                Answer::No => return Answer::No,
                Answer::Undecided => return Answer::Undecided,
            };
            let fresh = (0_i64..).map(|number| format!("k{number}"));
            let fresh = fresh.filter(|key| !families.contains_key(key));
            let missing = usize::try_from(size.saturating_sub(count)).unwrap_or(0);
            entries.extend(fresh.take(missing).map(|key| (key, value.clone())));
        }
        Answer::Yes(Value::Map(entries))
    }

    /// The fewest keys of a family that are as asked, with their values.
    fn family(&mut self, member: &Type, family: &Family<'_>, undecided: &mut bool) -> Option<Values> {
        let spellings: Vec<&str> = family.spellings.iter().copied().collect();
        if spellings.len() > MAX_SPELLINGS {
            *undecided = true;
            return None;
        }
        let another = in_another_case(&spellings);
        let all: Vec<&str> = spellings.iter().copied().chain(another.as_deref()).collect();
        let mut choices: Vec<u32> = (0..1_u32.checked_shl(u32::try_from(all.len()).ok()?)?).collect();
        choices.sort_by_key(|choice| choice.count_ones());
        for choice in choices {
            let chosen = (0_u32..)
                .zip(&all)
                .filter(|(bit, _)| choice.checked_shr(*bit).is_some_and(|rest| rest & 1 == 1));
            let keys: BTreeSet<&str> = chosen.map(|(_, key)| *key).collect();
            let contains = |(key, bound): &(&str, Bound)| bound.admits(presence(&keys, key));
            if !family.contains.iter().all(contains) {
                continue;
            }
            match self.under(member, family, &keys) {
                Answer::Yes(values) => return Some(values),
                Answer::No => {}
                Answer::Undecided => *undecided = true,
            }
        }
        None
    }

    /// Values for exactly these `keys` of a family.
    fn under(&mut self, member: &Type, family: &Family<'_>, keys: &BTreeSet<&str>) -> Answer<Values> {
        let mut asked: BTreeMap<&str, Vec<Ask<'_>>> = BTreeMap::new();
        for (key, ask) in &family.under {
            let met = match presence(keys, key) {
                Truth::True if keys.len() == 1 => {
                    asked.entry(key).or_default().push(*ask);
                    true
                }
                // The key stands beside another spelling of it: it is there, and not read.
                Truth::True if matches!(ask.steps, [] | [Step::Size]) => ask.is_met_by_unread(),
                // How deep a path leads through what is not read matters for presence alone.
                Truth::True if ask.is_presence() => return Answer::Undecided,
                Truth::True | Truth::Unknown => ask.is_met_by_unclear(),
                Truth::False => ask.is_met_by_nothing(),
            };
            if !met {
                return Answer::No;
            }
        }
        let mut values = Values::new();
        for key in keys {
            let asks = asked.get(key).map(Vec::as_slice).unwrap_or_default();
            match self.value(member, false, asks) {
                Answer::Yes(value) => values.insert((*key).to_owned(), value),
                Answer::No => return Answer::No,
                Answer::Undecided => return Answer::Undecided,
            };
        }
        Answer::Yes(values)
    }
}

/// Notes a bound on "every one of `keys` is there"; false if that is more than one bound.
fn contains<'a>(families: &mut BTreeMap<String, Family<'a>>, keys: &'a [Value], bound: Bound) -> bool {
    if keys.len() > 1 && !bound.is_least() {
        return false;
    }
    if keys.is_empty() {
        return bound.admits(Truth::True);
    }
    for key in keys {
        let Some(key) = key.as_text() else { return false };
        let family = families.entry(key.to_ascii_lowercase()).or_default();
        family.spellings.insert(key);
        family.contains.push((key, bound));
    }
    true
}

/// Whether `key` is there; in another letter case alone, that is unknown.
fn presence(keys: &BTreeSet<&str>, key: &str) -> Truth {
    if keys.contains(key) {
        Truth::True
    } else if keys.is_empty() {
        Truth::False
    } else {
        Truth::Unknown
    }
}
