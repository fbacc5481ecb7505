//! Calls of models: which ones a policy allows, and what they charge to its budgets.
//!
//! ```text
//! models { allow "openai/gpt-5", budget 1_000_000 tokens, 5.00 USD }
//!
//! "receipt of a model call" (signer and name of the receipt)   + 1, once
//! "tokens of models"                                           + read and written, where a budget counts them
//! "cost of models" (currency)                                  + minor units, where a budget counts them
//! ```
//!
//! A gateway asks before it forwards, and charges once it has the provider's answer: what was used is used, so
//! a charge that goes beyond a budget stands, and nothing is forwarded after it.

use std::collections::BTreeMap;

use super::{Charging, Counter, History};
use crate::settings::{Cost, Models};
use crate::{Hash, Policy, RuleId, Window};

/// What a job may use of models: of all layers the least.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ModelBudget {
    /// Tokens, read and written.
    pub tokens: Option<i64>,
    /// Minor units, by currency.
    pub costs: BTreeMap<String, i64>,
}

/// What one call of a model used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ModelUse {
    /// The hash of what names its receipt: it is charged once.
    pub receipt: Hash,
    /// Tokens, read and written.
    pub tokens: i64,
    /// What it cost, where the gateway says.
    pub cost: Option<Cost>,
}

/// Why a model call cannot be charged.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ModelRefusal {
    /// Its receipt was charged before.
    Repeated,
    /// A budget counts a currency in which the gateway does not say what it cost.
    CostUnknown,
    /// The history cannot be read, or a sum is out of range.
    Unreadable,
}

impl Policy {
    /// Whether the model may be called: in each layer that says which, by its name or its provider's. A
    /// policy that says nothing of models leaves it to the gateway, which then forwards nothing.
    #[must_use]
    pub fn admits_model(&self, provider: &str, name: &str) -> bool {
        let admits = |models: &Models| {
            models.providers.iter().any(|one| one == provider)
                || models.allow.iter().any(|one| one.provider == provider && one.name == name)
        };
        self.layers().filter_map(|layer| layer.settings.models.as_ref()).all(admits)
    }

    /// What a job may use of models.
    #[must_use]
    pub fn model_budget(&self) -> ModelBudget {
        let mut budget = ModelBudget::default();
        for models in self.layers().filter_map(|layer| layer.settings.models.as_ref()) {
            budget.tokens = match (budget.tokens, models.tokens) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
            if let Some(Cost { currency, minor_units }) = &models.cost {
                let least = budget.costs.entry(currency.clone()).or_insert(*minor_units);
                *least = (*least).min(*minor_units);
            }
        }
        budget
    }
}

impl ModelBudget {
    /// What a call charges, in the order of their counters above.
    ///
    /// # Errors
    ///
    /// [`ModelRefusal`] with the first reason found.
    pub fn charges(&self, used: &ModelUse, history: &dyn History) -> Result<Vec<Charging>, ModelRefusal> {
        let charging = |counter: Counter, amount: i64| {
            let before = history.total(&counter, None)?;
            Some(Charging { counter, window: Window::Job, before, amount })
        };
        let receipt = charging(receipt(used.receipt), 1).ok_or(ModelRefusal::Unreadable)?;
        if receipt.before != 0 {
            return Err(ModelRefusal::Repeated);
        }
        let mut charges = vec![receipt];
        if self.tokens.is_some() {
            charges.push(charging(tokens(), used.tokens).ok_or(ModelRefusal::Unreadable)?);
        }
        for currency in self.costs.keys() {
            let cost = used.cost.as_ref().filter(|cost| cost.currency == *currency);
            let cost = cost.ok_or(ModelRefusal::CostUnknown)?.minor_units;
            charges.push(charging(cost_in(currency), cost).ok_or(ModelRefusal::Unreadable)?);
        }
        Ok(charges)
    }

    /// Whether charges go beyond the budget.
    #[must_use]
    pub fn is_exceeded_by(&self, charges: &[Charging]) -> bool {
        let after = |counter: Counter| {
            let charge = charges.iter().find(|charge| charge.counter == counter)?;
            Some(charge.before.saturating_add(charge.amount))
        };
        let beyond = |counter: Counter, most: i64| after(counter).is_some_and(|after| after > most);
        self.tokens.is_some_and(|most| beyond(tokens(), most))
            || self.costs.iter().any(|(currency, most)| beyond(cost_in(currency), *most))
    }

    /// What is left of it; never less than nothing. `None` if the history cannot be read.
    #[must_use]
    pub fn left(&self, history: &dyn History) -> Option<Self> {
        let rest =
            |counter: Counter, most: i64| Some(most.saturating_sub(history.total(&counter, None)?).max(0));
        let tokens = match self.tokens {
            Some(most) => Some(rest(tokens(), most)?),
            None => None,
        };
        let cost =
            |(currency, most): (&String, &i64)| Some((currency.clone(), rest(cost_in(currency), *most)?));
        Some(Self { tokens, costs: self.costs.iter().map(cost).collect::<Option<_>>()? })
    }
}

fn receipt(name: Hash) -> Counter {
    Counter::keyed(RuleId::of(b"receipt of a model call"), name)
}

fn tokens() -> Counter {
    Counter::of(RuleId::of(b"tokens of models"))
}

fn cost_in(currency: &str) -> Counter {
    Counter::keyed(RuleId::of(b"cost of models"), Hash::of(currency.as_bytes()))
}
