//! Questions about policies, answered exactly and with a call that shows it, or `undecided`.
//!
//! ```text
//! Policy ──site──▶ rules by action, kind and names ──┐
//!                                                    ├─▶ question ─▶ a Call | none | undecided
//! "an allow holds, no deny hits" ──formula──▶ solve ─┘        └─ replayed by wpc_model::rule
//! ```
//!
//! A rule is a conjunction of typed conditions on single arguments, so the calls of which it holds are
//! a box, and what several rules allow together is a union of boxes. Whether a box lies within a
//! union is coNP-complete: it is answered by splitting, within a budget, and past it honestly not.
//!
//! **Invariants.**
//!
//! - Pure and deterministic: no clock, no randomness, no hash-map order; the same policies give the
//!   same answer and the same call on every machine.
//! - No answer is a guess: "there is a call" comes with the call, complete and replayed through the
//!   reference interpreter; "there is none" was proved; all else is `undecided`.
//! - Time is bounded, whatever the policies.

mod answer;
mod bound;
mod compare;
mod findings;
mod formula;
mod measure;
mod number;
mod question;
mod replay;
mod site;
mod solve;
mod text;

pub use compare::{Comparison, Difference, Direction, Part, Setting, Shown, Verdict, compare};
pub use findings::{Finding, Problem, findings};
pub use replay::Step;
pub use site::Case;
