//! Stage 1: from bytes to the parts of a bundle, borrowed from them.
//!
//! The fixed parts of the layout stand here once; [`super::parts`] writes them, and this reads them.

use std::collections::BTreeMap;

use wpc_model::Hash;

use super::code::Code;
use super::cursor::Cursor;
use super::parts::{Summary, hex};
use super::{
    MAX_APPROVALS, MAX_ENTRIES, MAX_GRANTS, MAX_LEAVES, MAX_OPENINGS, MAX_PATH, MAX_RECEIPTS, MAX_RELEASES,
    MAX_REVOCATIONS,
};
use crate::checkpoint::{CheckpointError, Origin, SignedCheckpoint};
use crate::time;

pub(super) const STATEMENT_TYPE: &str =
    "{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicate\":{\"approvals\":{\"envelopes\":";
pub(super) const MEMBERSHIPS: &str = ",\"memberships\":";
pub(super) const REQUESTS: &str = ",\"requests\":";
pub(super) const CHECKPOINT: &str = "},\"checkpoint\":";
pub(super) const ENTRIES: &str = ",\"entries\":";
pub(super) const GRANTS: &str = ",\"grants\":";
pub(super) const LEDGER: &str = ",\"ledger\":{\"checkpoint\":";
pub(super) const LEAVES: &str = ",\"leaves\":";
pub(super) const OPENINGS: &str = "},\"openings\":";
pub(super) const POLICY: &str = ",\"policy\":";
pub(super) const RECEIPTS: &str = ",\"receipts\":";
pub(super) const RELEASES: &str = ",\"releases\":";
pub(super) const REVOCATIONS: &str = ",\"revocations\":";
pub(super) const RUN: &str = ",\"run\":{\"agent\":";
pub(super) const RUN_JOB: &str = ",\"job\":";
pub(super) const RUN_VERSION: &str = ",\"tool_version\":";
pub(super) const SUMMARY: &str = "},\"summary\":{\"allowed\":";
pub(super) const SUMMARY_DENIED: &str = ",\"denied\":";
pub(super) const SUMMARY_OUTCOMES: &str = ",\"outcomes\":";
pub(super) const HEAD: &str = "},\"v\":1}";
pub(super) const PREDICATE_TYPE: &str = ",\"predicateType\":\"urn:wpc:predicate:run:v1\"";
pub(super) const SUBJECT: &str = ",\"subject\":[{\"digest\":{\"sha256\":";
pub(super) const NAME: &str = "},\"name\":";
pub(super) const TAIL: &str = "}]}";

/// Most different codes in a summary.
const MAX_CODES: usize = 64;

/// The parts of a bundle, as they are written in it. Nothing of them was decoded, but for what is fixed.
#[derive(Debug)]
pub(super) struct Run<'a> {
    pub(super) origin: Origin,
    pub(super) root: Hash,
    pub(super) agent: String,
    pub(super) job: String,
    pub(super) tool_version: Option<Hash>,
    pub(super) policy: &'a str,
    pub(super) releases: Vec<RawRelease<'a>>,
    pub(super) grants: Vec<&'a str>,
    pub(super) entries: Vec<&'a str>,
    pub(super) openings: Vec<RawOpening<'a>>,
    pub(super) approvals: Vec<&'a str>,
    pub(super) requests: Vec<&'a str>,
    pub(super) memberships: Vec<&'a str>,
    pub(super) checkpoint: SignedCheckpoint,
    pub(super) ledger_checkpoint: SignedCheckpoint,
    pub(super) leaves: Vec<RawLeaf<'a>>,
    pub(super) revocations: Vec<RawRevocation<'a>>,
    /// Of model calls.
    pub(super) receipts: Vec<String>,
    pub(super) summary: Summary,
}

/// An opening and the entry that it belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawOpening<'a> {
    pub(super) seq: u64,
    pub(super) opening: &'a str,
}

/// A leaf of the ledger's own log.
#[derive(Debug)]
pub(super) struct RawLeaf<'a> {
    pub(super) index: u64,
    pub(super) leaf: &'a str,
    pub(super) path: Vec<Hash>,
}

/// A release that the ledger took.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawRelease<'a> {
    pub(super) at: i64,
    pub(super) envelope: &'a str,
}

/// A revocation that the ledger took.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawRevocation<'a> {
    pub(super) seq: u64,
    pub(super) at: i64,
    pub(super) envelope: &'a str,
}

impl<'a> Run<'a> {
    /// Reads a Statement's payload.
    pub(super) fn read(payload: &'a [u8]) -> Result<Self, Code> {
        let text = std::str::from_utf8(payload).map_err(|_| Code::Malformed)?;
        let mut from = Cursor::new(text);
        from.expect(STATEMENT_TYPE)?;
        let approvals = from.list(MAX_APPROVALS, Cursor::raw)?;
        from.expect(MEMBERSHIPS)?;
        let memberships = from.list(MAX_APPROVALS, Cursor::raw)?;
        from.expect(REQUESTS)?;
        let requests = from.list(MAX_APPROVALS, Cursor::raw)?;
        from.expect(CHECKPOINT)?;
        let checkpoint = note(&mut from)?;
        from.expect(ENTRIES)?;
        let entries = from.list(MAX_ENTRIES, Cursor::raw)?;
        from.expect(GRANTS)?;
        let grants = from.list(MAX_GRANTS, Cursor::raw)?;
        from.expect(LEDGER)?;
        let ledger_checkpoint = note(&mut from)?;
        from.expect(LEAVES)?;
        let leaves = from.list(MAX_LEAVES, leaf)?;
        from.expect(OPENINGS)?;
        let openings = from.list(MAX_OPENINGS, opening)?;
        from.expect(POLICY)?;
        let policy = from.raw()?;
        from.expect(RECEIPTS)?;
        let receipts = from.list(MAX_RECEIPTS, Cursor::text)?;
        from.expect(RELEASES)?;
        let releases = from.list(MAX_RELEASES, release)?;
        from.expect(REVOCATIONS)?;
        let revocations = from.list(MAX_REVOCATIONS, revocation)?;
        from.expect(RUN)?;
        let agent = from.text()?;
        from.expect(RUN_JOB)?;
        let job = from.text()?;
        from.expect(RUN_VERSION)?;
        let tool_version = if from.skips("null") { None } else { Some(from.hash()?) };
        from.expect(SUMMARY)?;
        let allowed = from.number()?;
        from.expect(SUMMARY_DENIED)?;
        let denied = counts(&mut from)?;
        from.expect(SUMMARY_OUTCOMES)?;
        let outcomes = counts(&mut from)?;
        from.expect(HEAD)?;
        from.expect(PREDICATE_TYPE)?;
        from.expect(SUBJECT)?;
        let digest = from.text()?;
        from.expect(NAME)?;
        let origin = Origin::parse(&from.text()?).map_err(|_| Code::Malformed)?;
        from.expect(TAIL)?;
        from.end()?;
        Ok(Self {
            origin,
            root: from_hex(&digest).ok_or(Code::Malformed)?,
            agent,
            job,
            tool_version,
            policy,
            releases,
            grants,
            entries,
            openings,
            approvals,
            requests,
            memberships,
            checkpoint,
            ledger_checkpoint,
            leaves,
            revocations,
            receipts,
            summary: Summary { allowed, denied, outcomes },
        })
    }
}

fn note(from: &mut Cursor<'_>) -> Result<SignedCheckpoint, Code> {
    let text = from.text()?;
    let note = SignedCheckpoint::parse(&text).map_err(|error| match error {
        CheckpointError::TooLarge => Code::TooLarge,
        CheckpointError::Base64 => Code::Base64Malleable,
        CheckpointError::Malformed(_)
        | CheckpointError::Origin
        | CheckpointError::Signature
        | CheckpointError::Time => Code::Malformed,
    })?;
    // What is not written again as it was read would be a second spelling.
    if note.to_string() == text { Ok(note) } else { Err(Code::NotCanonical) }
}

fn leaf<'a>(from: &mut Cursor<'a>) -> Result<RawLeaf<'a>, Code> {
    from.expect("{\"index\":")?;
    let index = from.number()?;
    from.expect(",\"leaf\":")?;
    let leaf = from.raw()?;
    from.expect(",\"path\":")?;
    let path = from.list(MAX_PATH, Cursor::hash)?;
    from.expect("}")?;
    Ok(RawLeaf { index, leaf, path })
}

fn opening<'a>(from: &mut Cursor<'a>) -> Result<RawOpening<'a>, Code> {
    from.expect("{\"opening\":")?;
    let opening = from.raw()?;
    from.expect(",\"seq\":")?;
    let seq = from.number()?;
    from.expect("}")?;
    Ok(RawOpening { seq, opening })
}

fn release<'a>(from: &mut Cursor<'a>) -> Result<RawRelease<'a>, Code> {
    from.expect("{\"at\":")?;
    let at = time::from_text(&from.text()?).ok_or(Code::Malformed)?;
    from.expect(",\"envelope\":")?;
    let envelope = from.raw()?;
    from.expect("}")?;
    Ok(RawRelease { at, envelope })
}

fn revocation<'a>(from: &mut Cursor<'a>) -> Result<RawRevocation<'a>, Code> {
    from.expect("{\"at\":")?;
    let at = time::from_text(&from.text()?).ok_or(Code::Malformed)?;
    from.expect(",\"envelope\":")?;
    let envelope = from.raw()?;
    from.expect(",\"seq\":")?;
    let seq = from.number()?;
    from.expect("}")?;
    Ok(RawRevocation { seq, at, envelope })
}

/// Numbers by code, in the order of the codes, which are ASCII.
fn counts(from: &mut Cursor<'_>) -> Result<BTreeMap<String, u64>, Code> {
    from.expect("{")?;
    let mut counts = BTreeMap::new();
    if from.skips("}") {
        return Ok(counts);
    }
    loop {
        let name = from.text()?;
        let follows = counts.last_key_value().is_none_or(|(last, _)| *last < name);
        if !name.is_ascii() || !follows {
            return Err(Code::NotCanonical);
        }
        if counts.len() >= MAX_CODES {
            return Err(Code::TooLarge);
        }
        from.expect(":")?;
        counts.insert(name, from.number()?);
        if from.skips("}") {
            return Ok(counts);
        }
        from.expect(",")?;
    }
}

/// The one place where a hash is written in hexadecimal, in lower case.
fn from_hex(text: &str) -> Option<Hash> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks_exact(2);
    let byte = |pair: &[u8]| Some(digit(pair.first()?)?.checked_mul(16)?.checked_add(digit(pair.get(1)?)?))?;
    let bytes: Vec<u8> = pairs.map(byte).collect::<Option<_>>()?;
    let hash = Hash(bytes.try_into().ok()?);
    (hex(&hash) == text).then_some(hash)
}
