//! The paths.

pub(crate) mod approvals;
pub(crate) mod audit;
pub(crate) mod census;
pub(crate) mod checkpoints;
pub(crate) mod evidence;
pub(crate) mod jobs;
pub(crate) mod meta;
pub(crate) mod pulse;
pub(crate) mod registry;
pub(crate) mod releases;
pub(crate) mod revocations;
pub(crate) mod stops;
pub(crate) mod stream;
pub(crate) mod tokens;

use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;
use wpc_evidence::{Did, JobId};
use wpc_model::Hash;

use crate::problem::{Code, Refusal};

/// Rows of one page, where nobody says otherwise.
const PAGE: u64 = 100;
/// Most rows of one page.
const MAX_PAGE: u64 = 200;
/// Longest accepted body of most requests, in bytes.
pub(crate) const SMALL: usize = 64 << 10;
/// Longest accepted signed statement or policy, in bytes.
pub(crate) const LARGE: usize = 4 << 20;

/// Where a page begins, and how much it holds.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    /// Rows of the page, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    pub(crate) limit: Option<u64>,
    /// Where the page before ended.
    pub(crate) cursor: Option<String>,
}

impl Page {
    pub(crate) fn limit(&self) -> Result<u64, Refusal> {
        limit(self.limit)
    }

    /// The number of the last row of the page before; 0 of the first page.
    pub(crate) fn after(&self) -> Result<u64, Refusal> {
        number(self.cursor.as_deref())
    }
}

pub(crate) fn limit(asked: Option<u64>) -> Result<u64, Refusal> {
    let limit = asked.unwrap_or(PAGE);
    if (1..=MAX_PAGE).contains(&limit) { Ok(limit) } else { Err(query("limit is 1 to 200")) }
}

/// A cursor that is a number; 0 of none.
pub(crate) fn number(cursor: Option<&str>) -> Result<u64, Refusal> {
    let Some(cursor) = cursor else { return Ok(0) };
    let digits = !cursor.is_empty() && cursor.len() <= 16 && cursor.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| cursor.parse().ok()).flatten().ok_or_else(|| query("not a cursor"))
}

pub(crate) fn query(what: &str) -> Refusal {
    Refusal::new(Code::QueryMalformed).because(what)
}

pub(crate) fn body(what: &str) -> Refusal {
    Refusal::new(Code::BodyMalformed).because(what)
}

/// A hash in a path or a query.
pub(crate) fn hash(text: &str) -> Result<Hash, Refusal> {
    Hash::from_text(text).ok_or_else(|| query("a hash has 43 characters of base64url"))
}

pub(crate) fn job(text: &str) -> Result<JobId, Refusal> {
    JobId::parse(text).map_err(|error| query(&error.to_string()))
}

pub(crate) fn did(text: &str) -> Result<Did, Refusal> {
    Did::parse(text).map_err(|error| query(&error.to_string()))
}

/// A text of a query that is looked for as it stands.
pub(crate) fn text(text: Option<&str>) -> Result<Option<&str>, Refusal> {
    // PostgreSQL's texts hold no NUL; nor does anything that is looked for.
    match text {
        Some(text) if text.len() > 512 || text.contains('\0') => Err(query("a text of at most 512 bytes")),
        text => Ok(text),
    }
}

/// A signed document as it stands in an answer.
pub(crate) fn envelope(bytes: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(bytes).map_err(|_| Refusal::new(Code::ObjectDamaged))
}

/// A signed document as it came in a body.
pub(crate) fn bytes(envelope: &Value) -> Result<Vec<u8>, Refusal> {
    serde_json::to_vec(envelope).map_err(|error| body(&error.to_string()))
}
