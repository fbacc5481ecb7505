//! The stream of what gates must know at once, as server-sent events (WHATWG HTML, section 9.2).
//!
//! ```text
//! event: revocation     id: 7      data: the signed statement          gapless, each names the one before
//! event: heartbeat      id: 7      data: the signed statement          nothing after 7 was revoked until its time
//! event: release                   data: the signed statement          a policy's head has changed
//! event: approval                  data: {"job":…,"request":…}         somebody approved; fetch it
//! ```
//!
//! What is signed is believed for its signature, never for the line that it came by.

use serde_json::{Value, json};

/// Longest accepted event, in bytes.
pub const MAX_EVENT_BYTES: usize = 4 << 20;

/// One event.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// Something was revoked.
    Revocation {
        /// Its number.
        seq: u64,
        /// The signed statement.
        envelope: Vec<u8>,
    },
    /// Nothing more was revoked until its time.
    Heartbeat {
        /// The number of the last revocation.
        seq: u64,
        /// The signed statement.
        envelope: Vec<u8>,
    },
    /// A policy was released.
    Release {
        /// Its name.
        policy_name: String,
        /// The release's number.
        seq: u64,
        /// The signed statement.
        envelope: Vec<u8>,
    },
    /// A call was approved.
    Approval {
        /// The job.
        job: String,
        /// The hash of the request.
        request: String,
    },
}

/// A line of the stream is not one. Code `stream_malformed`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the stream holds what is no event")]
pub struct EventError;

impl EventError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        "stream_malformed"
    }
}

impl Event {
    /// Its lines, with the empty one that ends it.
    ///
    /// ```
    /// use wpc_client::events::{Event, Reader};
    ///
    /// let event = Event::Approval { job: "job_1".to_owned(), request: "abc".to_owned() };
    /// let mut reader = Reader::default();
    /// let read: Vec<_> = event.to_text().lines().filter_map(|line| reader.line(line).unwrap()).collect();
    /// assert_eq!(read, [event]);
    /// ```
    #[must_use]
    pub fn to_text(&self) -> String {
        let signed = |name: &str, id: &str, envelope: &[u8]| {
            format!("event: {name}\n{id}data: {}\n\n", String::from_utf8_lossy(envelope))
        };
        match self {
            Self::Revocation { seq, envelope } => signed("revocation", &format!("id: {seq}\n"), envelope),
            Self::Heartbeat { seq, envelope } => signed("heartbeat", &format!("id: {seq}\n"), envelope),
            Self::Release { policy_name, seq, envelope } => {
                let envelope: Value = serde_json::from_slice(envelope).unwrap_or_default();
                let data = json!({ "policy_name": policy_name, "seq": seq, "envelope": envelope });
                format!("event: release\ndata: {data}\n\n")
            }
            Self::Approval { job, request } => {
                format!("event: approval\ndata: {}\n\n", json!({ "job": job, "request": request }))
            }
        }
    }

    fn read(name: &str, id: Option<u64>, data: &str) -> Result<Option<Self>, EventError> {
        let envelope = || data.as_bytes().to_vec();
        let object = || serde_json::from_str::<Value>(data).map_err(|_| EventError);
        let text = |object: &Value, name: &str| {
            object.get(name).and_then(Value::as_str).map(str::to_owned).ok_or(EventError)
        };
        Ok(Some(match name {
            "revocation" => Self::Revocation { seq: id.ok_or(EventError)?, envelope: envelope() },
            "heartbeat" => Self::Heartbeat { seq: id.ok_or(EventError)?, envelope: envelope() },
            "release" => {
                let object = object()?;
                let seq = object.get("seq").and_then(Value::as_u64).ok_or(EventError)?;
                let envelope = object.get("envelope").ok_or(EventError)?;
                let envelope = serde_json::to_vec(envelope).map_err(|_| EventError)?;
                Self::Release { policy_name: text(&object, "policy_name")?, seq, envelope }
            }
            "approval" => {
                let object = object()?;
                Self::Approval { job: text(&object, "job")?, request: text(&object, "request")? }
            }
            // A newer control plane may tell more.
            _ => return Ok(None),
        }))
    }
}

/// Reads a stream line by line.
#[derive(Debug, Default)]
pub struct Reader {
    name: String,
    id: Option<u64>,
    data: String,
}

impl Reader {
    /// Takes one line without its end; the event, if the line ends one.
    ///
    /// # Errors
    ///
    /// [`EventError`] if the event is too long or does not read.
    pub fn line(&mut self, line: &str) -> Result<Option<Event>, EventError> {
        if line.is_empty() {
            let Self { name, id, data } = std::mem::take(self);
            return if name.is_empty() { Ok(None) } else { Event::read(&name, id, &data) };
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        if self.data.len().saturating_add(line.len()) > MAX_EVENT_BYTES {
            return Err(EventError);
        }
        match field {
            "event" => value.clone_into(&mut self.name),
            "id" => self.id = Some(value.parse().map_err(|_| EventError)?),
            "data" => {
                if !self.data.is_empty() {
                    self.data.push('\n');
                }
                self.data.push_str(value);
            }
            // Comments and fields of others.
            _ => {}
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Event, Reader};

    fn read(text: &str) -> Vec<Event> {
        let mut reader = Reader::default();
        text.lines().filter_map(|line| reader.line(line).ok().flatten()).collect()
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let envelope = br#"{"payload":"e30=","payloadType":"t","signatures":[]}"#.to_vec();
        let all = [
            Event::Revocation { seq: 7, envelope: envelope.clone() },
            Event::Heartbeat { seq: 7, envelope: envelope.clone() },
            Event::Release { policy_name: "orders".to_owned(), seq: 2, envelope },
            Event::Approval { job: "job_1".to_owned(), request: "r".to_owned() },
        ];
        let text: String = all.iter().map(Event::to_text).collect();
        assert_eq!(read(&text), all);
        // Comments keep a line open, and unknown events are passed over.
        assert_eq!(read(&format!(": keep\n\nevent: later\ndata: x\n\n{text}")), all);
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(lines in proptest::collection::vec("(event|id|data)?:? ?\\PC{0,40}", 0..20)) {
            let mut reader = Reader::default();
            for line in lines {
                let _any = reader.line(&line);
            }
        }
    }
}
