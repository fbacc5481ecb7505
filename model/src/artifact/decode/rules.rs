//! Allows and denies: there may be a hundred thousand, so each becomes a [`Rule`] at once, and
//! equal names and lists of conditions are shared.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};

use super::scalars::{RawSlot, Shown, Text, Triple};
use crate::artifact::encode::EVERY_ACTION;
use crate::{Condition, Rule, RuleId, Target};

/// Rules as they stand in the artifact: hoisted conditions are missing, ids are not checked.
#[derive(Debug, Default)]
pub(super) struct Rules(pub(super) Vec<Rule>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule<'a> {
    #[expect(dead_code, reason = "follows from kind and slots; encoding again checks it")]
    entity: Shown,
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(rename = "if", default)]
    conditions: Vec<Triple>,
    kind: Option<Text<'a>>,
    op: Text<'a>,
    #[serde(default)]
    slots: Vec<RawSlot>,
}

impl<'de> Deserialize<'de> for Rules {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Rules;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of rules")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Rules, A::Error> {
                let mut shared = Shared::default();
                let mut rules = Vec::new();
                while let Some(raw) = items.next_element::<RawRule<'de>>()? {
                    rules.push(shared.rule(raw).ok_or_else(|| A::Error::custom("is no rule id"))?);
                }
                rules.shrink_to_fit();
                Ok(Rules(rules))
            }
        }
        deserializer.deserialize_seq(Read)
    }
}

/// What rules have in common.
#[derive(Default)]
struct Shared {
    actions: Names,
    kinds: Names,
    conditions: BTreeSet<Arc<[Condition]>>,
}

impl Shared {
    fn rule(&mut self, raw: RawRule<'_>) -> Option<Rule> {
        let id = RuleId::from_text(&raw.id.0)?;
        let action = (raw.op.0 != EVERY_ACTION).then(|| self.actions.share(&raw.op.0));
        let target = match raw.kind {
            None => Target::Any,
            Some(Text(kind)) => {
                let slots = raw.slots.into_iter().map(|slot| slot.0).collect();
                Target::Of { kind: self.kinds.share(&kind), slots }
            }
        };
        let conditions: Vec<_> = raw.conditions.into_iter().map(|triple| triple.0).collect();
        let conditions = match self.conditions.get(conditions.as_slice()) {
            Some(shared) => Arc::clone(shared),
            None => {
                let new: Arc<[Condition]> = conditions.into();
                self.conditions.insert(Arc::clone(&new));
                new
            }
        };
        Some(Rule { id, action, target, conditions })
    }
}

/// Names, each held once.
#[derive(Default)]
struct Names(BTreeSet<Arc<str>>);

impl Names {
    fn share(&mut self, name: &str) -> Arc<str> {
        if let Some(shared) = self.0.get(name) {
            return Arc::clone(shared);
        }
        let new: Arc<str> = name.into();
        self.0.insert(Arc::clone(&new));
        new
    }
}
