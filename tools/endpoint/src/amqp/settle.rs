//! What clients say of messages that they received, and what is answered: the same outcome, settled, or an
//! error.

use super::connection::Connection;
use super::link::Unsettled;
use crate::broker::Settle;
use crate::wire::performative::{ACCEPTED, Disposition, ERROR, MODIFIED, REJECTED, RELEASED, error};
use crate::wire::value::{Malformed, Value};

/// The condition with which a client rejects a message into the dead-letter queue.
const DEADLETTER: &str = "com.microsoft:dead-letter";

impl Connection {
    pub(super) fn disposition(&mut self, channel: u16, disposition: &Disposition) -> Result<(), Malformed> {
        let session = self.sessions.get_mut(&channel).ok_or(Malformed)?;
        if !disposition.is_receiver {
            return Ok(());
        }
        // From the table, not from the range: a range may be as wide as it likes.
        let ids: Vec<u32> = session
            .unsettled
            .range(disposition.first..=disposition.last.max(disposition.first))
            .map(|(&id, _)| id)
            .collect();
        for id in ids {
            let Some(session) = self.sessions.get_mut(&channel) else { break };
            let Some(Unsettled { node, token }) = session.unsettled.remove(&id) else { continue };
            let answer = match outcome(&disposition.state) {
                Some(how) => match self.broker.settle(&node, &token, &how) {
                    Ok(()) => echo(&disposition.state),
                    Err(refusal) => {
                        let why = error(&refusal.condition, &refusal.description);
                        Value::composite(REJECTED, vec![why])
                    }
                },
                // Settled without an outcome: the lock ends when it ends.
                None => Value::Null,
            };
            if !disposition.settled
                && let Some(session) = self.sessions.get(&channel)
            {
                session.disposition(&mut self.out, false, id, answer);
            }
        }
        Ok(())
    }
}

fn outcome(state: &Value) -> Option<Settle> {
    let (code, fields) = state.described()?;
    match code {
        ACCEPTED => Some(Settle::Complete),
        RELEASED => Some(Settle::Abandon),
        MODIFIED if *fields.field(1) == Value::Bool(true) => Some(Settle::Defer),
        MODIFIED => Some(Settle::Abandon),
        REJECTED => Some(rejected(fields.field(0))),
        _ => None,
    }
}

fn rejected(why: &Value) -> Settle {
    let fields = why.described().filter(|(code, _)| *code == ERROR).map(|(_, fields)| fields);
    let text = |key: &str| {
        let info = fields.map(|fields| fields.field(2));
        info.and_then(|info| info.entry(key)).and_then(Value::as_text).map(str::to_owned)
    };
    let is_plain = fields.and_then(|fields| fields.field(0).as_text()) == Some(DEADLETTER);
    Settle::DeadLetter {
        reason: text("DeadLetterReason"),
        description: text("DeadLetterErrorDescription").filter(|_| is_plain),
    }
}

/// The same outcome; a rejection without its error, which clients would take for a refusal.
fn echo(state: &Value) -> Value {
    match state.described() {
        Some((REJECTED, _)) => Value::composite(REJECTED, Vec::new()),
        Some(_) | None => state.clone(),
    }
}
