//! One decision problem in plain Rust, in wpc, in cedar-policy and in regorus.
//!
//! ```text
//! cargo bench ─ benches/decision.rs ─┬─ bin/case ENGINE RULES DIR           times and peak memory
//!                                    └─ bin/allocations ENGINE RULES DIR    the same, counted
//! ```
//!
//! Every figure comes from a process of its own, so that peak memory belongs to the case, and
//! every verdict is checked before it is timed. Ratios hold within one run; times do not travel.

pub mod asked;
pub mod cedar;
pub mod clock;
pub mod engine;
pub mod figures;
pub mod floor;
pub mod memory;
pub mod ours;
pub mod prepare;
pub mod problem;
pub mod rego;
pub mod table;
pub mod targets;

/// What can go wrong while measuring, for a person to read.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
