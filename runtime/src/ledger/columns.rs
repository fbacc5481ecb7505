//! How rows spell what entries say, the same in every database.

use wpc_model::Counter;

use super::{Body, JobState, LedgerError, Verdict};
use crate::JobId;

/// What of an entry stands in columns of its own.
pub(super) struct Columns {
    pub(super) decision: Option<&'static str>,
    pub(super) result: Option<&'static str>,
    pub(super) late: bool,
}

impl Columns {
    pub(super) const fn of(body: &Body) -> Self {
        let (mut decision, mut result, mut late) = (None, None, false);
        match body {
            Body::Attempt(attempt) => {
                decision = Some(match attempt.verdict {
                    Verdict::Allow { .. } => "allow",
                    Verdict::Deny { .. } => "deny",
                });
            }
            Body::Outcome(settled) => (result, late) = (Some(settled.outcome.word()), settled.late),
            Body::Opened(_)
            | Body::Token(_)
            | Body::Refused(_)
            | Body::ModelCall(_)
            | Body::Approval(_)
            | Body::Revoked(_)
            | Body::Suppressed(_)
            | Body::PolicyChanged(_)
            | Body::ClockAccepted(_)
            | Body::Closed(_) => {}
        }
        Self { decision, result, late }
    }
}

/// How a row spells it.
pub(super) const fn state(state: JobState) -> &'static str {
    match state {
        JobState::Open => "open",
        JobState::Closed => "closed",
    }
}

/// The scope of counters of one job.
pub(super) fn scope(job: &JobId) -> String {
    format!("job/{job}")
}

/// What the scopes of counters of agents begin with.
pub(super) const OF_AGENT: &str = "agent/";

/// The key of a counter as it stands in its column.
pub(super) fn key(counter: &Counter) -> Vec<u8> {
    counter.key.map_or_else(Vec::new, |key| key.0.to_vec())
}

pub(super) fn integer(number: u64) -> Result<i64, LedgerError> {
    i64::try_from(number).map_err(LedgerError::unavailable)
}

/// The state that a row spells.
pub(super) fn state_of(word: &str) -> Option<JobState> {
    match word {
        "open" => Some(JobState::Open),
        "closed" => Some(JobState::Closed),
        _ => None,
    }
}
