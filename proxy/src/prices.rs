//! What models cost.
//!
//! ```json
//! {"v":1,"currency":"USD","models":{"openai/gpt-5":{"input":125,"output":1000}}}
//! ```
//!
//! Minor units of the currency for a million tokens. A provider's receipt has whole minor units: what a call costs
//! beyond them is carried to the job's next call, so that the sum is never too small and never a unit too large.

use std::collections::BTreeMap;

use serde::Deserialize;
use wpc_model::{MAX_INTEGER, check_model, check_provider};

/// Longest accepted file, in bytes.
pub const MAX_PRICES_BYTES: usize = 1 << 20;
/// Most minor units for a million tokens.
const MAX_PRICE: i64 = 1_000_000_000;
/// Tokens that a price is for.
const PER: i128 = 1_000_000;

/// What models cost, in one currency.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Prices {
    currency: String,
    models: BTreeMap<String, Price>,
}

/// What one model costs: minor units for a million tokens.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// That are read.
    pub input: i64,
    /// That are written.
    pub output: i64,
}

/// A file that does not say what models cost. Code `prices_malformed`.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the prices cannot be read: {0}")]
pub struct PricesError(String);

impl PricesError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "prices_malformed"
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    v: u8,
    currency: String,
    models: BTreeMap<String, Price>,
}

impl Prices {
    /// Reads a file of prices.
    ///
    /// # Errors
    ///
    /// [`PricesError`] with what is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, PricesError> {
        let wrong = |what: &str| PricesError(what.to_owned());
        if bytes.len() > MAX_PRICES_BYTES {
            return Err(wrong("it is too long"));
        }
        // Also refuses names that stand twice.
        crate::json::Json::read(bytes).map_err(|_| wrong("it is not JSON, or has a key twice"))?;
        let File { v, currency, models } =
            serde_json::from_slice(bytes).map_err(|error| PricesError(error.to_string()))?;
        if v != 1 {
            return Err(wrong("its version is not 1"));
        }
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(wrong("its `currency` is no code of three letters"));
        }
        for (name, price) in &models {
            let named = name.split_once('/').is_some_and(|(provider, model)| {
                check_provider(provider).is_ok() && check_model(model).is_ok()
            });
            if !named {
                return Err(PricesError(format!("`{name}` is no `provider/model`")));
            }
            if !(0..=MAX_PRICE).contains(&price.input) || !(0..=MAX_PRICE).contains(&price.output) {
                return Err(PricesError(format!("the price of `{name}` is out of range")));
            }
        }
        Ok(Self { currency, models })
    }

    /// The currency.
    #[must_use]
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// What a model costs, if it is known.
    #[must_use]
    pub fn of(&self, provider: &str, model: &str) -> Option<Price> {
        self.models.get(&format!("{provider}/{model}")).copied()
    }
}

impl Price {
    /// Millionths of a minor unit.
    pub(crate) fn exact(self, input: u64, output: u64) -> i128 {
        let part = |price: i64, tokens: u64| i128::from(price).saturating_mul(i128::from(tokens));
        part(self.input, input).saturating_add(part(self.output, output))
    }

    /// Whole minor units that cover it.
    pub(crate) fn covering(self, input: u64, output: u64) -> i64 {
        whole(self.exact(input, output))
    }
}

/// The least whole units that cover millionths.
pub(crate) fn whole(millionths: i128) -> i64 {
    let units = millionths.max(0).saturating_add(PER.saturating_sub(1)).div_euclid(PER);
    i64::try_from(units).unwrap_or(MAX_INTEGER).min(MAX_INTEGER)
}

/// The millionths of whole units.
pub(crate) fn millionths(units: i64) -> i128 {
    i128::from(units).saturating_mul(PER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_read_strictly() {
        let good = r#"{"v":1,"currency":"USD","models":{"openai/gpt-5":{"input":125,"output":1000}}}"#;
        let prices = Prices::parse(good.as_bytes()).unwrap();
        assert_eq!(prices.of("openai", "gpt-5"), Some(Price { input: 125, output: 1000 }));
        assert_eq!(prices.of("openai", "gpt-6"), None);
        for (from, to) in [
            ("\"v\":1", "\"v\":2"),
            ("USD", "usd"),
            ("openai/gpt-5", "gpt-5"),
            ("125", "-1"),
            ("125", "1.5"),
            ("\"input\":125", "\"input\":125,\"input\":1"),
            ("\"input\":125", "\"input\":125,\"more\":1"),
        ] {
            assert!(Prices::parse(good.replace(from, to).as_bytes()).is_err(), "{to}");
        }
    }

    #[test]
    fn parts_of_a_unit_are_covered() {
        let price = Price { input: 125, output: 1000 };
        assert_eq!(price.covering(0, 0), 0);
        assert_eq!(price.covering(1, 0), 1);
        assert_eq!(price.covering(8_000, 0), 1);
        assert_eq!(price.covering(8_001, 0), 2);
        assert_eq!(price.covering(0, 1_000_000), 1_000);
        assert_eq!(Price { input: MAX_PRICE, output: 0 }.covering(u64::MAX, 0), MAX_INTEGER);
    }
}
