//! The policy artifact: the canonical JSON that is hashed and signed (WIRE.md section 2).
//!
//! ```text
//! Policy ──encode──▶ {"approvals":…,"auth":…,"evidence":…,"policy_name":…,"tools":{…},"wpc_version":"v1"}
//!    ◀──decode── (feature `serde`)
//! ```
//!
//! It is self-contained (each tool carries the slice of its interface that the policy uses) and
//! has one spelling: what holds of every allow of a tool stands once under the tool's
//! `constraints` (module `hoist`), lists are sorted, members that say the default are absent. A
//! resource's `entity` is for people; `kind` and `slots` are what is read.

#[cfg(feature = "serde")]
mod decode;
mod encode;
mod entity;
mod family;
mod hoist;
mod identity;
mod interface;
mod orders;
mod parts;
mod settings;
mod subject;

#[cfg(feature = "serde")]
pub use decode::{DecodeCode, DecodeError, MAX_ARTIFACT_BYTES, decode};
pub use encode::encode;
pub use entity::entity;
pub(crate) use family::Families;
#[cfg(feature = "arbitrary")]
pub(crate) use hoist::actions_with;
pub use identity::Terms;
pub(crate) use identity::{RuleIds, is_normal};
pub(crate) use parts::condition as put_condition;
pub(crate) use subject::{name as name_of_subject, put_name_of as put_name_of_subject};

/// The version of the format and of its meaning.
pub const WPC_VERSION: &str = "v1";
