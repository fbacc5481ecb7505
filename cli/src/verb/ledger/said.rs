//! One entry in words.

use wpc::ledger::{Attempt, Body, Entry, Seen, Settled, Verdict};

use wpc_viewer::plain;
use wpc_viewer::words::quoted;

/// What an entry is about, and what was said or became of it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Said {
    pub(crate) what: String,
    pub(crate) said: String,
}

impl Said {
    /// The words for `entry`.
    pub(crate) fn of(entry: &Entry) -> Self {
        let (what, said) = match &entry.body {
            Body::Opened(opened) => {
                let hash = opened.policy_hash;
                (
                    format!("opened for {}", plain(&opened.agent)),
                    format!("policy {} {hash}", plain(&opened.policy)),
                )
            }
            Body::Attempt(attempt) => (call(attempt), verdict(&attempt.verdict)),
            Body::Refused(untyped) => (
                format!("not a call, {} bytes", untyped.raw_bytes),
                format!("refused {}", plain(&untyped.code)),
            ),
            Body::Outcome(settled) => (format!("outcome of entry {}", settled.attempt_seq), outcome(settled)),
            Body::Token(taken) => (
                format!("token {}", plain(&taken.jti)),
                format!("issued by {}, {}", taken.issuer, taken.proof.word()),
            ),
            Body::Approval(given) => {
                (format!("approval of request {}", given.request), format!("by {}", given.approver))
            }
            Body::PolicyChanged(changed) => (
                format!("release {} of {}", changed.release_seq, changed.to),
                format!("policy changed, {}", changed.running.word()),
            ),
            Body::ModelCall(called) => {
                (format!("model call {}", plain(&called.receipt_id)), format!("receipt by {}", called.signer))
            }
            Body::Revoked(revoked) => {
                (format!("{} {}", plain(&revoked.what), plain(&revoked.value)), "revoked".to_owned())
            }
            Body::Suppressed(suppressed) => (
                format!("{} more refusals", suppressed.count),
                format!("not recorded one by one, the last {}", plain(&suppressed.code)),
            ),
            Body::ClockAccepted(accepted) => {
                ("clock".to_owned(), format!("accepted by {}", plain(&accepted.by)))
            }
            Body::Closed(closed) => ("closed".to_owned(), closed.reason.word().to_owned()),
        };
        Self { what, said }
    }
}

/// `send on queue("orders-staging")`.
fn call(attempt: &Attempt) -> String {
    let action = plain(&attempt.action);
    match &attempt.resource {
        None => action.into_owned(),
        Some(Seen::Named { kind, names }) => {
            let names: Vec<_> = names.iter().map(|name| quoted(name)).collect();
            format!("{action} on {}({})", plain(kind), names.join(", "))
        }
        Some(Seen::Other { kind, .. }) => format!("{action} on another {}", plain(kind)),
    }
}

fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Allow { charges, .. } => {
            let after = charges.iter().map(|charge| charge.before.saturating_add(charge.amount).to_string());
            let after: Vec<_> = after.collect();
            if after.is_empty() {
                "allow".to_owned()
            } else {
                format!("allow, charged to {}", after.join(" and "))
            }
        }
        Verdict::Deny { reason, .. } => format!("deny {}", reason.code()),
    }
}

fn outcome(settled: &Settled) -> String {
    let code = settled.outcome.code().map(|code| format!(" {}", plain(code)));
    let status = settled.provider.as_ref().and_then(|provider| provider.status.as_deref());
    let status = status.map(|status| format!(", the provider said {}", plain(status)));
    format!("{}{}{}", settled.outcome.word(), code.unwrap_or_default(), status.unwrap_or_default())
}
