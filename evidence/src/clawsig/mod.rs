//! A job's bundle as the Claw ecosystem reads it: a `proof_bundle` envelope, version 1 (CLAWSIG.md 3, 6 to 8).
//!
//! ```text
//! View + agent's key + gateway's key ──export──▶ proof_bundle.v1 envelope
//!   every entry                  ▶ event_chain          hashed in a chain
//!   model calls                  ▶ receipts             as their gateway signed them
//!   allowed and settled          ▶ tool_receipts        envelopes, signed by the gateway's key
//!   allowed and done, approvals  ▶ raw items with signed envelopes in `wpc_envelope`
//! ```
//!
//! Payloads of ours are canonical JSON, so that the ecosystem's hash of what is on the wire and its hash of
//! canonical bytes are one; those of model receipts are the bytes that were signed.
//!
//! The ecosystem's verifier wants every side effect and approval anchored to the span of a model receipt.
//! Where no receipt of the job has a span they are left out, unless [`Options::unanchored`] asks for them.

mod chain;
mod envelope;
mod models;
mod receipts;
#[cfg(test)]
mod tests;

use wpc_model::Hash;
use wpc_model::canon::Json;

use crate::bundle::{Code, View, view};
use crate::entry::{Body, Entry};
use crate::{Did, Key};

/// Most events of one exported bundle; the verifier refuses more.
pub const MAX_EVENTS: usize = 1_000;

/// What is exported.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Options {
    /// When it is exported, Unix milliseconds; never before the job's last entry.
    pub issued_at: i64,
    /// Write side effects and approvals even if no model receipt anchors them: readers of the schema take
    /// them, and clawverify's command line refuses the file.
    pub unanchored: bool,
}

/// An exported bundle.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Exported {
    /// The envelope's bytes.
    pub bytes: Vec<u8>,
    /// Events of its chain: the job's entries.
    pub events: usize,
    /// Signed tool receipts.
    pub tool_receipts: usize,
    /// Calls with an effect.
    pub side_effects: usize,
    /// Approvals.
    pub approvals: usize,
    /// Receipts of model calls.
    pub model_receipts: usize,
    /// Receipts of model calls that the ecosystem's verifier would not count, and so refuse the file for: they
    /// are bound to no event of the chain, or their spans hang together with no other's.
    pub unbound_receipts: usize,
    /// Side effects and approvals were left out.
    pub left_out: bool,
}

/// What a gateway's receipt binds to, so that it counts in an export: the event of the entry that opens the job.
///
/// # Errors
///
/// [`ExportError::Time`] only if the entry is out of its schema's bounds.
pub fn event_hash(opened: &Entry) -> Result<Hash, ExportError> {
    chain::first(opened)
}

/// A bundle is not exported.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// It does not read. Its code is that of the [`Code`].
    #[error("the bundle does not read")]
    Bundle(Code),
    /// The first entry does not open a job. Code `job_not_open`.
    #[error("the job was not opened")]
    NotOpened,
    /// The job's agent has a name that is no key's. Code `agent_not_a_key`.
    #[error("the job's agent is not named by a did:key")]
    AgentName,
    /// The key is another's than the agent's. Code `key_not_agents`.
    #[error("the key is not the agent's")]
    AgentKey,
    /// The ledger's, the agent's and the gateway's export key are not three keys. Code `export_key_shared`.
    #[error("the keys of the ledger, the agent and the gateway's exports are not three")]
    SharedKey,
    /// More entries than [`MAX_EVENTS`]. Code `too_many_events`.
    #[error("the job has {0} entries, and an exported bundle has at most {MAX_EVENTS}")]
    TooManyEvents(usize),
    /// A time is out of range. Code `malformed`.
    #[error("a time is out of range")]
    Time,
}

impl ExportError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Bundle(code) => code.word(),
            Self::NotOpened => "job_not_open",
            Self::AgentName => "agent_not_a_key",
            Self::AgentKey => "key_not_agents",
            Self::SharedKey => "export_key_shared",
            Self::TooManyEvents(_) => "too_many_events",
            Self::Time => "malformed",
        }
    }
}

/// Exports a bundle. Nothing of it is verified: [`crate::bundle::verify`] does that, and comes first.
///
/// # Errors
///
/// [`ExportError`] with the first reason found.
pub fn export(bundle: &[u8], agent: &Key, gateway: &Key, options: Options) -> Result<Exported, ExportError> {
    let shown = view(bundle).map_err(ExportError::Bundle)?;
    payload(&shown, &Hash::of(bundle), agent, gateway, options)
}

fn payload(
    shown: &View,
    source: &Hash,
    agent: &Key,
    gateway: &Key,
    options: Options,
) -> Result<Exported, ExportError> {
    let Some(first) = shown.entries.first() else { return Err(ExportError::NotOpened) };
    let Body::Opened(opened) = &first.entry.body else { return Err(ExportError::NotOpened) };
    let did = Did::parse(&opened.agent).map_err(|_| ExportError::AgentName)?;
    if did != agent.did() {
        return Err(ExportError::AgentKey);
    }
    // The export signs bare strings: no signature of the ledger's may be had through it.
    let ledger = first.entry.ledger;
    if gateway.did() == ledger || did == ledger || gateway.did() == did {
        return Err(ExportError::SharedKey);
    }
    if shown.entries.len() > MAX_EVENTS {
        return Err(ExportError::TooManyEvents(shown.entries.len()));
    }
    let last = shown.entries.last().map_or(0, |last| last.entry.at);
    let issued_at = crate::time::to_text(options.issued_at.max(last)).ok_or(ExportError::Time)?;
    let chain = chain::of(&shown.entries)?;
    let models = models::of(shown, &chain);
    let made =
        receipts::Made { shown, opened, chain: &chain, gateway, issued_at: &issued_at, models: &models };
    let (tools, effects, approvals) = (made.tools()?, made.effects()?, made.approvals()?);
    let none = effects.is_empty() && approvals.is_empty();
    let anchored = models.anchors() || options.unanchored;
    let mut exported = Exported {
        bytes: Vec::new(),
        events: chain.len(),
        tool_receipts: tools.len(),
        side_effects: effects.len(),
        approvals: approvals.len(),
        model_receipts: models.receipts.len(),
        unbound_receipts: models.unbound,
        left_out: !none && !anchored,
    };
    let about = Json::object([
        ("bundle_hash_b64u", text(source)),
        ("ledger_did", Json::from(ledger.as_str())),
        ("origin", text(&shown.origin)),
        ("policy_hash_b64u", text(&opened.policy_hash)),
        ("policy_name", Json::from(opened.policy.as_str())),
    ]);
    // In the order of their names.
    let mut members = vec![
        ("agent_did", Json::from(did.as_str()).encode()),
        ("bundle_id", Json::from(format!("bundle_{source}").as_str()).encode()),
        ("bundle_version", Json::from("1").encode()),
        ("event_chain", Json::Array(chain.iter().map(chain::Event::json).collect()).encode()),
    ];
    members.extend(list("human_approval_receipts", approvals, anchored));
    members.push(("metadata", Json::object([("wpc", about)]).encode()));
    if !models.receipts.is_empty() {
        members.push(("receipts", format!("[{}]", models.receipts.join(",")).into_bytes()));
    }
    members.extend(list("side_effect_receipts", effects, anchored));
    members.extend(list("tool_receipts", tools, true));
    let mut payload = Vec::new();
    for (name, value) in members {
        payload.push(if payload.is_empty() { b'{' } else { b',' });
        payload.extend_from_slice(&Json::from(name).encode());
        payload.push(b':');
        payload.extend_from_slice(&value);
    }
    payload.push(b'}');
    exported.bytes = envelope::seal_bytes("proof_bundle", &payload, agent, &issued_at);
    Ok(exported)
}

fn list(name: &'static str, items: Vec<Json>, there: bool) -> Option<(&'static str, Vec<u8>)> {
    (there && !items.is_empty()).then(|| (name, Json::Array(items).encode()))
}

fn text(value: &impl std::fmt::Display) -> Json {
    Json::from(value.to_string().as_str())
}
