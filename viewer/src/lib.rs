//! Policies and proof bundles for people to read.
//!
//! [`words`] says parts of a policy in the language's own words. [`Page`] is Trust Pulse, the audit viewer: one
//! file for a browser, in which a bundle lies whole. [`plain`] makes text that somebody else wrote safe to show.

mod page;
mod plain;
mod rules;
pub mod words;

pub use page::{CONTENT_SECURITY_POLICY, Page};
pub use plain::plain;
