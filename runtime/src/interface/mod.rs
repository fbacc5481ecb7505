//! The Rust types of the interfaces that ship with the compiler: what clients describe their values
//! with, the same for every policy.
//!
//! Generated from `compiler/interfaces/*.wpc`; a test generates them again and compares. An interface
//! that is written beside a policy lands in the policy's own module, under `interface`.

#[rustfmt::skip]
pub mod azure_service_bus;
#[rustfmt::skip]
pub mod file;
#[rustfmt::skip]
pub mod http;
#[rustfmt::skip]
pub mod models;
#[rustfmt::skip]
pub mod process;
