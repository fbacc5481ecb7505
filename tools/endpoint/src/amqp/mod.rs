//! Connections, sessions and links, frame by frame: what no AMQP library lets a broker say, this one says.
//!
//! ```text
//! TCP ──▶ Connection ──channel──▶ Session ──handle──▶ Link::FromClient ──▶ incoming ──▶ broker, nodes
//!  ▲          │ out                  ▲                Link::ToClient ◀── outgoing ◀── broker, replies
//!  └──────────┴──────────────────────┘
//! ```
//!
//! One task per connection reads frames, does what they ask, and writes what there is to say.

mod attach;
mod connection;
mod incoming;
mod link;
mod outgoing;
mod serve;
mod session;
mod settle;

pub(crate) use connection::Connection;
pub(crate) use serve::accept;
