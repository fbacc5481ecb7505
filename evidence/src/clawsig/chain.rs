//! The event chain: one event per entry, each with the hash of the one before (CLAWSIG.md 6).

use wpc_model::Hash;
use wpc_model::canon::{Json, Writer};

use super::ExportError;
use crate::bundle::Shown;
use crate::entry::{Body, Entry};

/// An event.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) run: String,
    pub(super) kind: String,
    pub(super) timestamp: String,
    pub(super) payload_hash: String,
    pub(super) prev: Option<String>,
    pub(super) hash: String,
}

/// The events of all entries, by their places.
pub(super) fn of(entries: &[Shown]) -> Result<Vec<Event>, ExportError> {
    let mut chain: Vec<Event> = Vec::with_capacity(entries.len());
    for Shown { entry, .. } in entries {
        let prev = chain.last().map(|last| last.hash.clone());
        chain.push(event(entry, prev)?);
    }
    Ok(chain)
}

/// The hash of the event that opens a job's chain, given its first entry.
pub(super) fn first(entry: &Entry) -> Result<Hash, ExportError> {
    let event = event(entry, None)?;
    Hash::from_text(&event.hash).ok_or(ExportError::Time)
}

fn event(entry: &Entry, prev: Option<String>) -> Result<Event, ExportError> {
    let bytes = entry.encode().map_err(|_| ExportError::Time)?;
    let event = Event {
        id: format!("evt_{}", entry.seq),
        run: entry.job.to_string(),
        kind: kind(&entry.body).to_owned(),
        timestamp: crate::time::to_text(entry.at).ok_or(ExportError::Time)?,
        payload_hash: super::envelope::payload_hash(&bytes),
        prev,
        hash: String::new(),
    };
    Ok(event.hashed())
}

/// The ecosystem's words where it has any, else ours.
fn kind(body: &Body) -> &'static str {
    match body {
        Body::Opened(_) => "run_start",
        Body::Attempt(_) => "tool_call",
        Body::Outcome(_) => "tool_result",
        Body::Approval(_) => "human_approval",
        Body::ModelCall(_) => "llm_call",
        Body::Closed(_) => "run_end",
        Body::Token(_)
        | Body::Refused(_)
        | Body::Revoked(_)
        | Body::Suppressed(_)
        | Body::PolicyChanged(_)
        | Body::ClockAccepted(_) => body.kind(),
    }
}

impl Event {
    /// With its hash: over the header in this order of members, which is not that of canonical JSON.
    pub(super) fn hashed(mut self) -> Self {
        let mut header = b"{\"event_id\":".to_vec();
        let mut member = |name: &str, value: Option<&str>| {
            header.extend_from_slice(name.as_bytes());
            match value {
                Some(value) => Writer::new(&mut header).text(value),
                None => Writer::new(&mut header).null(),
            }
        };
        member("", Some(&self.id));
        member(",\"run_id\":", Some(&self.run));
        member(",\"event_type\":", Some(&self.kind));
        member(",\"timestamp\":", Some(&self.timestamp));
        member(",\"payload_hash_b64u\":", Some(&self.payload_hash));
        member(",\"prev_hash_b64u\":", self.prev.as_deref());
        header.push(b'}');
        self.hash = Hash::of(&header).to_string();
        self
    }

    pub(super) fn json(&self) -> Json {
        Json::object([
            ("event_hash_b64u", Json::from(self.hash.as_str())),
            ("event_id", Json::from(self.id.as_str())),
            ("event_type", Json::from(self.kind.as_str())),
            ("payload_hash_b64u", Json::from(self.payload_hash.as_str())),
            ("prev_hash_b64u", self.prev.as_deref().map_or(Json::Null, Json::from)),
            ("run_id", Json::from(self.run.as_str())),
            ("timestamp", Json::from(self.timestamp.as_str())),
        ])
    }
}
