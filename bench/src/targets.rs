//! What ours must be (TARGETS.md section 1), each beside what it was in this run.

use std::fmt;

use crate::engine::Engine;
use crate::problem::CASES;
use crate::table::{Table, nanoseconds, thousands};

/// One target and how it went.
#[derive(Clone, Debug)]
pub struct Target {
    what: String,
    found: String,
    bound: String,
    met: bool,
    /// Does not depend on the machine, so that missing it fails the run.
    pub exact: bool,
}

impl Target {
    /// Whether it was met.
    #[must_use]
    pub const fn met(&self) -> bool {
        self.met
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let met = if self.met { "met" } else { "MISSED" };
        write!(f, "| {:<44} | {:<34} | {:<12} | {met:<6} |", self.what, self.found, self.bound)
    }
}

/// The head of the table of targets.
pub const HEAD: &str = "| target | found | bound | |\n|---|---|---|---|";

/// Every target that the run measured.
#[must_use]
pub fn all(table: &Table) -> Vec<Target> {
    let mut targets = Vec::new();
    for &rules in Engine::OursDynamic.sizes() {
        targets.extend(fixed(table, rules));
        targets.extend(dynamic(table, rules));
    }
    targets.extend(load(table, 100_000));
    targets.extend(patterns(table, 64));
    targets
}

/// What holds for a decision whose action and resource are known at compile time. A refusal is not
/// measured against the floor: that stops at its first comparison, ours also says which condition failed.
fn fixed(table: &Table, rules: usize) -> Vec<Target> {
    let what = |case: &str| format!("static, {case}, {} rules", thousands(rules));
    let ours = table.time(Engine::OursStatic, rules, "allow");
    let floor = table.time(Engine::FloorTyped, rules, "allow");
    let mut targets = Vec::from_iter(times_floor(what("allow"), ours, floor, "the typed floor"));
    for case in CASES {
        targets.extend(no_allocation(what(case), table.allocations(Engine::OursStatic, rules, case)));
    }
    targets
}

/// What holds for a decision over an artifact that was read at run time.
fn dynamic(table: &Table, rules: usize) -> Vec<Target> {
    let ours = |case: &str| table.time(Engine::OursDynamic, rules, &format!("{case}.prepared"));
    let n = thousands(rules);
    let mut targets = Vec::new();
    for case in CASES {
        let floor = table.time(Engine::FloorLookup, rules, case);
        let what = format!("dynamic, {case}, {n} rules");
        targets.extend(times_floor(what, ours(case), floor, "the lookup floor"));
    }
    for case in CASES {
        let found = table.allocations(Engine::OursDynamic, rules, &format!("{case}.prepared"));
        targets.extend(no_allocation(format!("dynamic, {case}, {n} rules"), found));
    }
    for (peer, bound) in [(Engine::CedarAttribute, 100.0), (Engine::Rego, 40.0)] {
        let peer_ns = table.time(peer, rules, "allow.prepared");
        targets.extend(faster(format!("dynamic, allow, {n} rules"), ours("allow"), peer_ns, peer, bound));
    }
    targets
}

/// What holds for verifying, decoding and indexing an artifact.
fn load(table: &Table, rules: usize) -> Vec<Target> {
    let ours = |figure| table.time(Engine::OursDynamic, rules, figure);
    let mut targets = Vec::new();
    if let (Some(ms), Some(floor)) = (ours("load_ms"), table.time(Engine::FloorLookup, rules, "load_ms")) {
        let found = format!("{ms:.1} ms, {:.2} x the lookup floor's", ms / floor);
        let what = format!("load, {} rules", thousands(rules));
        targets.push(Target {
            what,
            found,
            bound: "<= 2 x".to_owned(),
            met: ms <= 2.0 * floor,
            exact: false,
        });
    }
    if let Some(mib) = ours("load_peak_mib") {
        let what = format!("load, {} rules, peak memory", thousands(rules));
        let (found, bound) = (format!("{mib:.0} MiB"), "<= 60 MiB".to_owned());
        targets.push(Target { what, found, bound, met: mib <= 60.0, exact: false });
    }
    targets
}

/// What holds for patterns on one action.
fn patterns(table: &Table, patterns: usize) -> Vec<Target> {
    let mut targets = Vec::new();
    for case in ["allow", "deny_default"] {
        let ours = |patterns| table.time(Engine::OursLike, patterns, &format!("{case}.prepared"));
        if let Some(ns) = ours(patterns) {
            let what = format!("{patterns} `like` patterns on one action, {case}");
            let (found, bound) = (nanoseconds(Some(ns)), "<= 1 us".to_owned());
            targets.push(Target { what, found, bound, met: ns <= 1_000.0, exact: false });
        }
        if let (Some(few), Some(many)) = (ours(8), ours(512)) {
            let what = format!("512 patterns beside 8, {case}");
            let (found, bound) = (format!("{:.1} x", many / few), "<= 2 x".to_owned());
            targets.push(Target { what, found, bound, met: many <= 2.0 * few, exact: false });
        }
    }
    targets
}

fn times_floor(what: String, ours: Option<f64>, floor: Option<f64>, name: &str) -> Option<Target> {
    let (ours, floor) = (ours?, floor?);
    let found = format!("{} = {:.2} x {name}", nanoseconds(Some(ours)), ours / floor);
    Some(Target { what, found, bound: "<= 2 x".to_owned(), met: ours <= 2.0 * floor, exact: false })
}

fn no_allocation(what: String, found: Option<f64>) -> Option<Target> {
    let (found, bound) = (found?, "0".to_owned());
    let what = format!("{what}, allocations");
    Some(Target { what, found: format!("{found:.0}"), bound, met: found == 0.0, exact: true })
}

fn faster(what: String, ours: Option<f64>, peer: Option<f64>, name: Engine, bound: f64) -> Option<Target> {
    let ratio = peer? / ours?;
    let found = format!("{ratio:.0} x faster than {}", name.word());
    Some(Target { what, found, bound: format!(">= {bound:.0} x"), met: ratio >= bound, exact: false })
}
