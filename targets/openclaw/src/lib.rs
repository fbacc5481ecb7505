//! A policy as OpenClaw's configuration, and OpenClaw's configuration held to a policy.
//!
//! ```text
//! policy ──emit──▶ a patch of the configuration, and policy.jsonc       never wider than the policy
//! configuration + policy ──audit──▶ findings                            every way in which it is wider
//! configuration ──offered──▶ the tools that a model is offered          the layers of lists, done again
//! ```
//!
//! None of this decides a call: the gate does, behind the MCP server that the configuration names.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod audit;
mod catalog;
mod config;
mod demand;
mod effective;
mod emit;
mod names;
mod node;
mod pattern;
mod plugin;
mod url;

pub use audit::{Audit, Compared, Finding, Severity, Trap, audit};
pub use catalog::{OPENCLAW_VERSION, core_tools};
pub use config::Config;
pub use demand::{EmitError, Gate, ModelGateway, Options, Reach};
pub use effective::{Tool, Turn, offered};
pub use emit::{Emitted, emit};
pub use names::{is_agent_id, safe_servers, tool_name};
pub use node::{MAX_CONFIG_BYTES, ReadError};
pub use plugin::{PLUGIN, PLUGIN_FILES};
