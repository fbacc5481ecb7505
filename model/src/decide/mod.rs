//! The reference interpreter: LANGUAGE.md sections 2 and 6, as plainly as they can be written.
//!
//! ```text
//! step 1        in_force(policy, now) ─▶ refused, or not
//! step 2, 3     rulings(policy, call, situation) ─▶ Rulings ┐
//! step 4, 5, 6  Needs::of(policy, call, situation) ───────┼─▶ admit ─▶ Admission: decision, charges
//!               History, Approvals ────────────────────┘
//! outcome       settle(policy, call, charged, result, History) ─▶ charges
//!               Provenance::of_result(call, result, History) ──▶ charges
//! ```
//!
//! A policy that extends others is decided in layers ([`Policy::layers`](crate::Policy::layers)): each of
//! these functions asks every layer, as if it stood alone, and joins what they say.
//!
//! Steps 2 and 3, and what a call needs, are pure functions of policy, call and situation; only conditions
//! on the clock read its moment, only those with `from` its sources. The ledger runs steps 4 to 7 inside its
//! lock, on its head as the [`History`], and steps 2 and 3 too where they read either. Every faster enforcer is tested
//! against these functions, and every faster history against [`Past`].

mod admit;
mod approved;
mod attested;
mod counter;
mod explain;
mod force;
mod history;
mod limits;
mod models;
mod needs;
mod orders;
mod provenance;
mod repeated;
mod rules;

pub use admit::{Admission, Decision, Reason, Refusal, admit};
pub use approved::{Approvals, Approved, Approving, MAX_APPROVAL_AHEAD_MS, approving};
pub use attested::{Attestation, Attested, Conforming};
pub(crate) use counter::json_of;
pub use counter::{Bound, Charge, Charging, Counter, Owner};
pub use explain::{Failing, conditions_hold, decisive, failing};
pub use force::in_force;
pub use history::{History, Past, PastAt, Who};
pub use limits::{Demand, Undecided, Used, demands, used};
pub use models::{ModelBudget, ModelRefusal, ModelUse};
pub use needs::{Needs, settle};
pub use orders::Ordered;
pub use provenance::{Provenance, TooManyLabels};
pub use repeated::Ending;
pub use rules::{Near, Ruling, Rulings, approvals, rule, rulings};
