//! The gateway of model calls.
//!
//! ```text
//! client ──token──▶ body, read strictly ─▶ redact ─▶ model admitted? ─▶ budget reserved ─▶ upstream (its own key)
//!        ◀── the upstream's bytes, as they came ◀── receipt in the ledger ◀── tokens counted, model compared ◀──┘
//! ```
//!
//! Clients of OpenAI, Anthropic and Google call it in their own protocol, with the job's token where their key goes.
//! What was asked and answered is hashed, never kept. The receipt of a call is in the job's ledger before the
//! end of its answer is handed out; where it cannot be recorded, there is no answer.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod body;
mod bound;
mod call;
mod config;
mod job;
mod json;
mod listing;
mod prices;
mod redact;
mod refusal;
mod request;
mod route;
mod rules;
mod serve;
mod shape;
mod signing;
mod sse;
mod stream;
mod upstream;
mod usage;

pub use config::{Config, ConfigError, Limits, Secret, Upstream};
pub use prices::{MAX_PRICES_BYTES, Price, Prices, PricesError};
pub use serve::Proxy;
pub use shape::Shape;
