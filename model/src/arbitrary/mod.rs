//! Arbitrary interfaces, policies, calls and histories for property tests (feature `arbitrary`).
//!
//! Small and boundary-heavy on purpose: few names, most of them also in another letter case, few
//! numbers around zero and the limits of the range, absent optionals, empty batches, missing keys.
//! So rules and calls meet on almost every draw, and off-by-ones show at once.
//!
//! ```
//! use proptest::prelude::*;
//! use wpc_model::arbitrary;
//! proptest!(|((policy, call) in arbitrary::policy_and_call())| {
//!     prop_assert_eq!(policy.check(), Ok(()));
//!     prop_assert_eq!(call.conform(&policy), Ok(()));
//! });
//! ```

mod calls;
mod conditions;
mod hoistable;
mod interfaces;
mod orders;
mod policies;
mod schemas;
mod settings;
mod values;

pub use calls::{answered, call, history, moment, policy_and_call, policy_and_calls};
pub use conditions::{condition, conditions};
pub use interfaces::interface;
pub use policies::{extending, policy, rule};
pub use schemas::schemas;
pub use settings::settings;
pub use values::value;
