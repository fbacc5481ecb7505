//! Links, as this side sees them.

use std::collections::VecDeque;

use crate::broker::{Holder, LockToken, Mode};

/// How many messages a client may have under way on one link.
pub(super) const CREDIT: u32 = 1000;

/// A link, by which side sends on it.
#[derive(Debug)]
pub(super) enum Link {
    FromClient(Incoming),
    ToClient(Outgoing),
}

/// A link on which the client sends.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) node: String,
    pub(super) delivery_count: u32,
    pub(super) credit: u32,
    pub(super) partial: Option<Partial>,
}

/// A delivery of which more frames are to come.
#[derive(Debug)]
pub(super) struct Partial {
    pub(super) delivery_id: u32,
    pub(super) format: u32,
    pub(super) is_settled: bool,
    pub(super) bytes: Vec<u8>,
}

/// A link on which the client receives.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) node: String,
    pub(super) name: String,
    pub(super) delivery_count: u32,
    pub(super) credit: u32,
    pub(super) drain: bool,
    /// How many were delivered so far.
    pub(super) delivered: u32,
    pub(super) holder: Holder,
    pub(super) carries: Carries,
}

/// What goes to the client on a link.
#[derive(Debug)]
pub(super) enum Carries {
    /// Answers of a node, to the client's own address.
    Replies { address: Option<String>, waiting: VecDeque<Vec<u8>> },
    /// An entity's messages.
    Messages { mode: Mode, session: Option<String> },
}

/// A message that the client has not settled yet.
#[derive(Debug)]
pub(super) struct Unsettled {
    pub(super) node: String,
    pub(super) token: LockToken,
}
