//! What the endpoint does with what arrives, and to who receives.

/// What the endpoint does with what arrives at one node.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Behaviour {
    /// Takes it and says so.
    #[default]
    Accept,
    /// Refuses each message with an error: nothing is kept.
    Reject {
        /// Error condition, `amqp:not-allowed`.
        condition: String,
        /// What is wrong.
        description: String,
    },
    /// Answers each message with `released`: nothing is kept.
    Release,
    /// Answers each message with `modified (delivery-failed)`: nothing is kept.
    Modify,
    /// Takes it and never answers.
    Silent,
    /// Takes it, then closes the link instead of answering.
    Detach,
    /// Takes it, then closes the connection with `amqp:connection:forced` instead of answering.
    Close,
    /// Takes it, then cuts the TCP connection without a word.
    Cut,
    /// `$cbs` and management nodes: answers each request with this status, and does nothing else.
    Status {
        /// As in HTTP.
        code: i32,
        /// What is wrong.
        description: String,
    },
    /// `$cbs` and management nodes: does what is asked, and cuts the TCP connection instead of answering.
    DoThenCut,
    /// Refuses this many with `com.microsoft:server-busy`, keeps nothing of them, and then accepts.
    Busy {
        /// How many are left.
        times: u32,
    },
}

/// What happens to a link on which a client receives from one node.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Delivering {
    /// Messages are delivered.
    #[default]
    Normal,
    /// Nothing is delivered, and nothing answered.
    Nothing,
    /// The link is refused.
    Refuse,
    /// The link is detached after so many messages.
    Detach {
        /// How many are delivered first.
        after: u32,
    },
    /// The connection is closed after so many messages.
    Close {
        /// How many are delivered first.
        after: u32,
    },
    /// The TCP connection is cut after so many messages, in the middle of the next frame.
    Cut {
        /// How many are delivered first.
        after: u32,
    },
}
