//! The control plane's protocol (WIRE.md 7): signed requests, the bodies of its answers, a client, and
//! gates that follow it.
//!
//! ```text
//! signed   RFC 9421 over method, target and content digest; fresh; each nonce once     pure
//! wire     requests and answers, problem details (RFC 9457)                            pure
//! events   the stream of revocations, heartbeats, releases and approvals               pure
//! Client   one request at a time                                                       feature `http`
//! Follower keeps a ledger up to date, and says when it no longer is                    feature `http`
//! ```

pub mod events;
#[cfg(feature = "http")]
mod follow;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "http")]
mod place;
#[cfg(feature = "http")]
mod releases;
pub mod signed;
pub mod wire;

#[cfg(feature = "http")]
pub use follow::{Follower, Following, STALE_AFTER};
#[cfg(feature = "http")]
pub use http::{Client, ClientError};
