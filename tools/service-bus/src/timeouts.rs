//! How long the client waits.

use std::time::Duration;

/// How long the client waits, at most. No wait is without an end.
///
/// Waiting for the broker to take a message is not among these: the permit says by when its effect
/// must have begun ([`wpc::BEGIN_WITHIN`]).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timeouts {
    /// For a connection to open: name, TCP, TLS and AMQP together. 30 s by default.
    pub connect: Duration,
    /// For a token, from the credential and then at the broker, and for a link to attach. 30 s by
    /// default, for each.
    pub attach: Duration,
    /// For the broker's answer, once all is sent; then the outcome is unknown. 60 s by default.
    pub answer: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let half_a_minute = Duration::from_secs(30);
        Self { connect: half_a_minute, attach: half_a_minute, answer: half_a_minute.saturating_mul(2) }
    }
}

impl Timeouts {
    /// `answer` as the broker takes it.
    pub(crate) fn answer_ms(&self) -> u32 {
        u32::try_from(self.answer.as_millis()).unwrap_or(u32::MAX)
    }
}
