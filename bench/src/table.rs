//! The one table of a run.

use std::collections::BTreeMap;
use std::fmt;

use crate::engine::Engine;
use crate::figures::Figures;
use crate::problem::CASES;

/// What was measured of one engine among so many rules.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Nanoseconds for each case, loading and memory.
    pub times: Figures,
    /// Allocations for each case.
    pub allocations: Figures,
}

/// Rows by number of rules and engine.
#[derive(Clone, Debug, Default)]
pub struct Table(pub BTreeMap<(usize, Engine), Row>);

impl Table {
    /// A time of an engine among `rules` rules: `allow` in nanoseconds, `load_ms`.
    #[must_use]
    pub fn time(&self, engine: Engine, rules: usize, figure: &str) -> Option<f64> {
        self.0.get(&(rules, engine))?.times.get(figure)
    }

    /// Allocations of an engine among `rules` rules.
    #[must_use]
    pub fn allocations(&self, engine: Engine, rules: usize, case: &str) -> Option<f64> {
        self.0.get(&(rules, engine))?.allocations.get(case)
    }

    /// How far the machine's own speed moved during the run: slowest over fastest.
    #[must_use]
    pub fn drift(&self) -> f64 {
        let speeds = self.0.values().filter_map(|row| row.times.get("calibration_ns"));
        let (least, most) =
            speeds.fold((f64::MAX, 0.0_f64), |(least, most), ns| (least.min(ns), most.max(ns)));
        if least > 0.0 { most / least } else { 1.0 }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(
            f,
            ["rules", "engine", "allow", "deny, no rule", "deny, explicit", "deny, condition"],
            "prepared",
        )?;
        writeln!(f, " {:>6} | {:>9} | {:>9} |", "allocs", "load", "peak")?;
        writeln!(f, "|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|")?;
        for ((rules, engine), row) in &self.0 {
            let [allow, default, explicit, constraint] = CASES.map(|case| nanoseconds(row.times.get(case)));
            let words = [&thousands(*rules), engine.word(), &allow, &default, &explicit, &constraint];
            line(f, words, &nanoseconds(row.times.get("allow.prepared")))?;
            let allocations = row.allocations.get("allow").map_or_else(dash, |count| format!("{count:.0}"));
            let load = row.times.get("load_ms").map_or_else(dash, |ms| format!("{ms:.1} ms"));
            let peak = row.times.get("load_peak_mib").map_or_else(dash, |mib| format!("{mib:.0} MiB"));
            writeln!(f, " {allocations:>6} | {load:>9} | {peak:>9} |")?;
        }
        Ok(())
    }
}

fn line(f: &mut fmt::Formatter<'_>, words: [&str; 6], prepared: &str) -> fmt::Result {
    let [rules, engine, allow, default, explicit, constraint] = words;
    write!(
        f,
        "| {rules:>7} | {engine:<15} | {allow:>9} | {default:>13} | {explicit:>14} | {constraint:>15} |"
    )?;
    write!(f, " {prepared:>9} |")
}

fn dash() -> String {
    "-".to_owned()
}

/// `1234.5` as `1.23 us`.
#[must_use]
pub fn nanoseconds(ns: Option<f64>) -> String {
    match ns {
        None => dash(),
        Some(ns) if ns < 1e3 => format!("{ns:.1} ns"),
        Some(ns) if ns < 1e6 => format!("{:.2} us", ns / 1e3),
        Some(ns) => format!("{:.1} ms", ns / 1e6),
    }
}

/// `100000` as `100,000`.
#[must_use]
pub fn thousands(count: usize) -> String {
    if count < 1000 { count.to_string() } else { format!("{},{:03}", thousands(count / 1000), count % 1000) }
}
