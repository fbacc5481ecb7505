//! The administration API: ATOM entries over HTTP.
//!
//! Source: "Service Bus resource provider REST API", and what Azure's Python SDK writes.

mod atom;
mod http;
mod resource;
mod xml;

pub(crate) use http::accept;

/// The node whose [`Behaviour`](crate::Behaviour) is that of the whole API.
pub(crate) const NODE: &str = "$admin";
