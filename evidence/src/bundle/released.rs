//! Stage 3: that the policy was the current one of its name, when the job was opened and whenever a call was
//! admitted.
//!
//! Which release was current stands in the log: in `opened`, and in a `policy_changed` for each that came
//! later. When the ledger took a release is its word, and holds it to what the log had to say by then.

use wpc_model::{Hash, OnChange};

use super::code::Code;
use super::documents::Documents;
use super::log::{Logged, readable};
use super::policy::{Under, opened};
use super::report::{Finding, Findings, stop};
use crate::entry::{Body, Entry, Opened, PolicyChanged, Verdict};
use crate::statement::{Currency, ReleaseError};

/// Holds the log against the releases.
pub(super) fn verify(documents: &Documents<'_>, entries: &[Logged], under: &Under) -> Result<(), Findings> {
    let Some((opened, at)) = opened(entries) else { return Ok(()) };
    let rolled_back = |why| Err(vec![Finding::new(Code::PolicyRolledBack).because(why)]);
    if documents.unchained.is_some() {
        return rolled_back("the releases are no chain");
    }
    if documents.releases.all().iter().any(|one| one.release.policy_name != opened.policy) {
        return rolled_back("a release is another policy's");
    }
    let mut job = Job {
        documents,
        hash: under.hash,
        on_change: under.policy.on_change(),
        named: opened.release_seq,
        current: opened.policy_hash,
        found: Findings::new(),
    };
    job.opened(opened, at);
    for entry in readable(entries) {
        match &entry.body {
            Body::PolicyChanged(changed) => job.changed(entry, changed),
            Body::Attempt(attempt) if matches!(attempt.verdict, Verdict::Allow { .. }) => job.admitted(entry),
            Body::Attempt(_)
            | Body::Opened(_)
            | Body::Token(_)
            | Body::Refused(_)
            | Body::Outcome(_)
            | Body::Approval(_)
            | Body::ModelCall(_)
            | Body::Revoked(_)
            | Body::Suppressed(_)
            | Body::ClockAccepted(_)
            | Body::Closed(_) => {}
        }
    }
    stop(job.found)
}

/// The job before the next entry.
struct Job<'a> {
    documents: &'a Documents<'a>,
    hash: Hash,
    on_change: OnChange,
    /// The release that was current, by the log; `None` if it names none.
    named: Option<u64>,
    /// Its policy.
    current: Hash,
    found: Findings,
}

impl Job<'_> {
    fn opened(&mut self, opened: &Opened, at: i64) {
        let Some(seq) = opened.release_seq else { return };
        match self.documents.releases.get(seq) {
            None => self.find(Code::PolicyRolledBack, 0, "the release is not there"),
            Some(named) if named.release.policy_hash != self.hash => {
                self.find(Code::PolicyHash, 0, "the release is of another policy");
            }
            Some(_) => {
                if let Err(error) = self.currency(seq, at).opens() {
                    self.refuse(error, 0);
                }
            }
        }
        self.in_time(0, at);
    }

    fn changed(&mut self, entry: &Entry, changed: &PolicyChanged) {
        let PolicyChanged { from, to, release_seq, running } = *changed;
        let currency = self.currency(release_seq, entry.at);
        let current = currency.current().is_some_and(|current| {
            current.seq == release_seq
                && current.policy_hash == to
                && self.named.is_none_or(|named| named < release_seq)
        });
        if !current || from != self.current || running != currency.running() {
            self.find(Code::PolicyRolledBack, entry.seq, "the log says something else of a release");
        }
        (self.named, self.current) = (Some(release_seq), to);
    }

    fn admitted(&mut self, entry: &Entry) {
        if let Some(named) = self.named
            && let Err(error) = self.currency(named, entry.at).continues()
        {
            self.refuse(error, entry.seq);
        }
        self.in_time(entry.seq, entry.at);
    }

    /// Whether the log names every release by the time at which the ledger had it.
    fn in_time(&mut self, seq: u64, at: i64) {
        let all = self.documents.releases.all().iter().zip(&self.documents.released_at);
        let mut later = all.filter(|(one, _)| self.named.is_none_or(|named| one.release.seq > named));
        if later.any(|(one, taken)| *taken < at && one.release.not_before <= at) {
            self.find(Code::PolicyRolledBack, seq, "a later release was in force");
        }
    }

    fn currency(&self, seq: u64, at: i64) -> Currency<'_> {
        self.documents.releases.until(seq, self.hash, self.on_change, at)
    }

    fn refuse(&mut self, error: ReleaseError, seq: u64) {
        match error {
            ReleaseError::Expired => self.find(Code::PolicyReleaseExpired, seq, "its time was over"),
            ReleaseError::Early => self.find(Code::PolicyReleaseExpired, seq, "its time had not come"),
            ReleaseError::Changed => {
                self.find(Code::PolicyRolledBack, seq, "admitted after another policy became current");
            }
            ReleaseError::Statement(_)
            | ReleaseError::Required
            | ReleaseError::NotReleased
            | ReleaseError::Name
            | ReleaseError::RolledBack
            | ReleaseError::Forked
            | ReleaseError::Gap => {
                self.find(Code::PolicyRolledBack, seq, "its release was not the current one");
            }
        }
    }

    fn find(&mut self, code: Code, seq: u64, why: &'static str) {
        self.found.push(Finding::new(code).at(seq).because(why));
    }
}
