//! What one process measured, as one line of text between it and the driver.

use std::collections::BTreeMap;
use std::fmt;

use crate::clock::{Budget, calibrate, median};
use crate::problem::Case;
use crate::{Result, memory};

/// What is measured of a decision: its time, or its allocations.
pub trait Meter {
    /// One figure for one call of `body`, which may be called often.
    fn measure<T>(&self, body: impl FnMut() -> T) -> f64;
    /// How long loading may be repeated.
    fn load_budget(&self) -> Budget;
}

impl Meter for Budget {
    fn measure<T>(&self, body: impl FnMut() -> T) -> f64 {
        self.median_ns(body)
    }

    fn load_budget(&self) -> Budget {
        *self
    }
}

/// Figures by name: `allow` in nanoseconds (or allocations), `load_ms`, `load_peak_mib`.
#[derive(Clone, Debug, Default)]
pub struct Figures(BTreeMap<String, f64>);

impl Figures {
    /// No figures but the machine's speed now.
    #[must_use]
    pub fn start() -> Self {
        let mut figures = Self::default();
        figures.put("calibration_ns", calibrate());
        figures
    }

    /// Adds a figure.
    pub fn put(&mut self, name: impl Into<String>, value: f64) {
        self.0.insert(name.into(), value);
    }

    /// A figure, if it was measured.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.get(name).copied()
    }

    /// Loads once while memory is still untouched, notes the peak, then times further loads.
    ///
    /// # Errors
    ///
    /// What `load` returns.
    pub fn load<T>(&mut self, meter: &impl Meter, mut load: impl FnMut() -> Result<T>) -> Result<T> {
        drop(load()?);
        self.put("load_peak_mib", memory::peak_mib()?);
        let (ms, loaded) = meter.load_budget().load_ms(load)?;
        self.put("load_ms", ms);
        Ok(loaded)
    }

    /// Checks the verdict, then measures the decision; `suffix` tells variants of a case apart.
    ///
    /// # Errors
    ///
    /// Only if the verdict is not the case's.
    pub fn decide(
        &mut self,
        meter: &impl Meter,
        case: &Case,
        suffix: &str,
        mut decide: impl FnMut() -> bool,
    ) -> Result<()> {
        if decide() != case.allowed {
            return Err(format!("`{}{suffix}` is decided wrongly", case.name).into());
        }
        self.put(format!("{}{suffix}", case.name), meter.measure(decide));
        Ok(())
    }

    /// The median of each figure over several runs.
    #[must_use]
    pub fn medians(runs: &[Self]) -> Self {
        let mut by_name: BTreeMap<&String, Vec<f64>> = BTreeMap::new();
        for (name, value) in runs.iter().flat_map(|run| &run.0) {
            by_name.entry(name).or_default().push(*value);
        }
        Self(by_name.into_iter().map(|(name, mut values)| (name.clone(), median(&mut values))).collect())
    }

    /// Reads what [`Display`](fmt::Display) wrote.
    ///
    /// # Errors
    ///
    /// Only if a word is not `name=number`.
    pub fn parse(line: &str) -> Result<Self> {
        let word = |word: &str| -> Result<(String, f64)> {
            let (name, value) = word.split_once('=').ok_or_else(|| format!("no `=` in {word:?}"))?;
            Ok((name.to_owned(), value.parse()?))
        };
        line.split_whitespace().map(word).collect::<Result<_>>().map(Self)
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(name, value)| write!(f, "{name}={value:.3} "))
    }
}
