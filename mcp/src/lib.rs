//! The Model Context Protocol on both sides of a gate.
//!
//! ```text
//! policy ──Catalogue::of──▶ tools with narrowed schemas      what is offered
//! arguments ──Offer::read──▶ a typed call, or a refusal      what is decided
//! Server ──gate, Executor──▶ a session with a client         what is done
//! Bridge ──token, proofs──▶ a gate that is reached over HTTP  for hosts that cannot prove a key
//! ```

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod arguments;
#[cfg(feature = "http-upstream")]
mod bridge;
mod closed;
mod domain;
#[cfg(feature = "http-upstream")]
mod http_client;
mod import;
mod line;
mod lock;
mod narrow;
mod offer;
mod pattern;
mod pin;
mod schema;
mod serve;
mod upstream;
mod wire;

pub use arguments::Asked;
#[cfg(feature = "http-upstream")]
pub use bridge::{Bridge, BridgeError, Shows};
pub use closed::{OpenFile, check_callers, check_closed, check_unchanged};
pub use import::{Choices, ImportError, Imported, import, interface_name};
pub use lock::{Lock, LockError, MAX_LOCK_BYTES};
pub use offer::{Catalogue, Offer};
pub use pin::pin;
/// The protocol's own types.
pub use rmcp::model;
pub use serve::{
    Caller, Description, Executed, Executor, HttpServer, Identity, Listener, Progress, REFUSAL, ServeError,
    Server, Taken, Withheld, Work, ask_url, read_question,
};
pub use upstream::{
    CALL_WITHIN, Launch, PASSED_ON, Served, Upstream, UpstreamError, tools_of, tools_of_json,
};
pub use wire::{MAX_MESSAGE_DEPTH, MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES, read_message};
/// Who is let in ([`wpc::callers`]).
pub use wpc::callers::{GRANT_HEADER, Tokens};
