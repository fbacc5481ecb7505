//! The engines, and how each is asked.

use std::hint::black_box;
use std::path::Path;

use crate::Result;
use crate::cedar::{self, Cedar, Encoding};
use crate::figures::{Figures, Meter};
use crate::floor::{Lookup, conditions};
use crate::ours::{dynamic, fixed};
use crate::problem::{Case, cases, like_cases};
use crate::rego::{self, Rego};

/// One row of the table.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Engine {
    /// Conditions only: action and resource are types.
    FloorTyped,
    /// One hash look-up and the conditions.
    FloorLookup,
    /// wpc's generated code: action and resource are known at compile time.
    OursStatic,
    /// wpc's engine over a signed artifact.
    OursDynamic,
    /// The same, where rules name their queues by patterns.
    OursLike,
    /// cedar-policy over a set attribute.
    CedarAttribute,
    /// cedar-policy with one permit for each rule.
    CedarRules,
    /// regorus's register machine over a data document.
    Rego,
}

impl Engine {
    /// Every engine, in the table's order.
    pub const ALL: [Self; 8] = [
        Self::FloorTyped,
        Self::FloorLookup,
        Self::OursStatic,
        Self::OursDynamic,
        Self::OursLike,
        Self::CedarAttribute,
        Self::CedarRules,
        Self::Rego,
    ];

    /// The word on a case's command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::FloorTyped => "floor-typed",
            Self::FloorLookup => "floor-lookup",
            Self::OursStatic => "ours-static",
            Self::OursDynamic => "ours-dynamic",
            Self::OursLike => "ours-like",
            Self::CedarAttribute => "cedar-attribute",
            Self::CedarRules => "cedar-rules",
            Self::Rego => "rego",
        }
    }

    /// The engine of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|engine| engine.word() == word)
    }

    /// The numbers of rules among which it is measured.
    #[must_use]
    pub const fn sizes(self) -> &'static [usize] {
        match self {
            // 178 ms a decision and a gigabyte at 100,000: known, and minutes to show again.
            Self::CedarRules => &[10, 1_000],
            Self::OursLike => &[1, 8, 64, 512],
            // What is known at compile time does not depend on the number of rules.
            Self::OursStatic => &[10, 1_000],
            Self::FloorTyped | Self::FloorLookup | Self::OursDynamic | Self::CedarAttribute | Self::Rego => {
                &[10, 1_000, 100_000]
            }
        }
    }
}

impl Engine {
    /// Loads the problem of `rules` rules and measures every case with `meter`.
    ///
    /// The figure of a case is that of a call as a tool has it; `.prepared` leaves out turning it
    /// into the engine's own form, where there is one.
    ///
    /// # Errors
    ///
    /// Only if the engine refuses the problem or decides a case wrongly.
    pub fn run(self, meter: &impl Meter, rules: usize, prepared: &Path) -> Result<Figures> {
        let mut figures = Figures::start();
        match self {
            Self::FloorTyped => floor_typed(&mut figures, meter, rules)?,
            Self::FloorLookup => floor_lookup(&mut figures, meter, rules, prepared)?,
            Self::OursStatic => fixed::run(&mut figures, meter, rules)?,
            Self::OursDynamic => ours_dynamic(&mut figures, meter, &cases(rules), prepared)?,
            Self::OursLike => ours_dynamic(&mut figures, meter, &like_cases(rules), prepared)?,
            Self::CedarAttribute => cedar(&mut figures, meter, rules, Encoding::Attribute)?,
            Self::CedarRules => cedar(&mut figures, meter, rules, Encoding::Rules)?,
            Self::Rego => rego(&mut figures, meter, rules)?,
        }
        Ok(figures)
    }
}

/// The types have already settled which action and resource it is.
fn floor_typed(figures: &mut Figures, meter: &impl Meter, rules: usize) -> Result<()> {
    for case in cases(rules).iter().filter(|case| matches!(case.name, "allow" | "deny_constraint")) {
        figures.decide(meter, case, "", || conditions(black_box(&case.call)))?;
    }
    Ok(())
}

fn floor_lookup(figures: &mut Figures, meter: &impl Meter, rules: usize, prepared: &Path) -> Result<()> {
    let lookup = figures.load(meter, || Lookup::load(prepared))?;
    for case in &cases(rules) {
        figures.decide(meter, case, "", || lookup.decide(black_box(&case.call)))?;
    }
    Ok(())
}

fn ours_dynamic(figures: &mut Figures, meter: &impl Meter, cases: &[Case], prepared: &Path) -> Result<()> {
    let gate = figures.load(meter, || dynamic::load(prepared))?;
    for case in cases {
        let call = dynamic::call(&case.call);
        figures.decide(meter, case, ".prepared", || dynamic::decide(&gate, black_box(&call)))?;
        figures.decide(meter, case, "", || dynamic::decide(&gate, &dynamic::call(black_box(&case.call))))?;
    }
    Ok(())
}

fn cedar(figures: &mut Figures, meter: &impl Meter, rules: usize, encoding: Encoding) -> Result<()> {
    let source = cedar::source(rules, encoding);
    let cedar = figures.load(meter, || Cedar::load(&source, rules, encoding))?;
    for case in &cases(rules) {
        let request = cedar.request(&case.call)?;
        figures.decide(meter, case, ".prepared", || cedar.decide(black_box(&request)))?;
        figures.decide(meter, case, "", || {
            cedar.request(black_box(&case.call)).is_ok_and(|request| cedar.decide(&request))
        })?;
    }
    Ok(())
}

fn rego(figures: &mut Figures, meter: &impl Meter, rules: usize) -> Result<()> {
    let data = rego::data(rules)?;
    let mut rego = figures.load(meter, || Rego::load(&data))?;
    for case in &cases(rules) {
        let input = rego::input(&case.call);
        figures.decide(meter, case, ".prepared", || rego.decide(black_box(&input).clone()))?;
        figures.decide(meter, case, "", || rego.decide(rego::input(black_box(&case.call))))?;
    }
    Ok(())
}
