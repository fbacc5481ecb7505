//! The reference interpreter: LANGUAGE.md sections 2 and 6, as plainly as they can be written.
//!
//! ```text
//! step 1     in_force(policy, now) ─▶ refused, or not
//! step 2, 3  rule(tool, call, moment) ─▶ Ruling ──┐
//! step 5     approvals(policy, call, moment) ─────┼─▶ admit ─▶ Decision
//! step 6     demands(tool, call), used(…) ────────┘
//! ```
//!
//! Steps 2 and 3 are a pure function of policy, call and moment; only conditions on the clock read
//! the moment. The ledger runs steps 5 to 7 inside its lock, and steps 2 and 3 too where they read
//! the clock. Every faster enforcer is tested against these functions.

mod admit;
mod explain;
mod force;
mod limits;
mod rules;

pub use admit::{Decision, Reason, Refusal, admit};
pub use explain::{Failing, conditions_hold, decisive, failing};
pub use force::in_force;
pub use limits::{Charge, Demand, Undecided, Used, demands, used};
pub use rules::{Near, Ruling, approvals, rule};
