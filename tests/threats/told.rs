//! An attack as Markdown: what was tried, what stopped it, what the broker has, what the ledger says.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use wpc::bundle::{Options, Verdict, verify};
use wpc::ledger::{Body, Entry, Ledger, Seen, Verdict as Decided};
use wpc::{DynamicGate, Trust};

use crate::world::{Agent, Told, World, bundle};

/// One attack.
pub(crate) struct Attack {
    title: &'static str,
    what: &'static str,
    policy: &'static str,
    rows: Vec<String>,
    after: Vec<String>,
    limits: Vec<&'static str>,
}

impl Attack {
    pub(crate) fn new(title: &'static str, what: &'static str, policy: &'static str) -> Self {
        Self { title, what, policy, rows: Vec::new(), after: Vec::new(), limits: Vec::new() }
    }

    /// One step, and what it came to.
    #[track_caller]
    pub(crate) fn tried(&mut self, what: &str, told: &Told, expected: &str) {
        assert_eq!(told.code, expected, "{what}: {told:?}");
        let by = match &told.condition {
            Some(condition) => format!("not met: `{condition}`"),
            None => stopped_by(expected).to_owned(),
        };
        self.rows.push(format!("| {what} | `{expected}` | {by} |"));
    }

    /// One step that was refused outside of a call.
    #[track_caller]
    pub(crate) fn refused(&mut self, what: &str, code: &str, expected: &str) {
        self.tried(what, &Told { code: code.to_owned(), condition: None }, expected);
    }

    /// What holds afterwards.
    #[track_caller]
    pub(crate) fn after(&mut self, what: &str, holds: bool) {
        assert!(holds, "{what}");
        self.after.push(format!("- {what}"));
    }

    /// What is not stopped.
    pub(crate) fn limit(&mut self, what: &'static str) {
        self.limits.push(what);
    }

    /// The whole, with what the ledger says of the agent's job. The bundle must verify.
    pub(crate) fn told(self, world: &World, agent: &Agent) -> String {
        self.told_of(&*world.ledger, &world.trust, &agent.gate)
    }

    /// The same of a gate alone.
    pub(crate) fn told_of(self, ledger: &dyn Ledger, trust: &Trust, gate: &DynamicGate) -> String {
        let Self { title, what, policy, rows, after, limits } = self;
        let report = verify(&bundle(ledger, gate), trust, &Options::default());
        assert_eq!(report.verdict(), Verdict::Verified, "{:?} {:?}", report.findings, report.gaps);
        let entries = ledger.entries(gate.job(), 0, usize::MAX).unwrap();
        let lines: Vec<_> = entries.iter().map(|bytes| line(&Entry::decode(bytes).unwrap())).collect();
        let mut kinds = BTreeMap::new();
        for line in &lines {
            *kinds.entry(line.split_whitespace().nth(1).unwrap().to_owned()).or_insert(0) += 1;
        }
        let kinds: Vec<_> = kinds.iter().map(|(kind, count)| format!("{count} `{kind}`")).collect();
        let mut text = format!("## {title}\n\n{what}\n\nUnder `tests/threats/policies/{policy}.wpc`:\n\n");
        text += "| the agent tries | it is told | what stops it |\n|---|---|---|\n";
        text += &rows.join("\n");
        text += "\n\nAfterwards:\n\n";
        text += &after.join("\n");
        if !limits.is_empty() {
            text += "\n\nNot stopped:\n\n";
            text += &limits.iter().map(|limit| format!("- {limit}")).collect::<Vec<_>>().join("\n");
        }
        let _infallible = write!(
            text,
            "\n\nEvidence: {} entries ({}). The bundle verifies, with {} decisions replayed.\n\n```text\n{}\n```\n",
            lines.len(),
            kinds.join(", "),
            report.counts.replayed,
            lines.join("\n"),
        );
        text
    }
}

fn stopped_by(code: &str) -> &'static str {
    match code {
        "done" => "nothing: it is allowed",
        "explicit_deny" => "a `deny`",
        "default_deny" => "no `allow` has it",
        "unknown_tool" => "the tool is not offered",
        "limit_exceeded" => "a `limit`",
        "order_denied" => "`separate`: one job never does both",
        "approval_required" => "`require approval`",
        "missing_argument" => "it must be stated",
        "bad_name" => "nothing can have this name",
        "credential_not_allowed" => "the policy's `credential`",
        "proof_other_key" => "the token is bound to the agent's key",
        "token_wrong_ledger" => "the token is for one ledger",
        "token_lifetime" => "`token { lifetime … }`",
        "job_revoked" => "the revocation, looked at with each call",
        "issuer_revoked" => "the revocation of the issuer's key",
        "token_issuer_untrusted" => "the trust file",
        "gate_file_open" => "the gate: it does not start on files that others may read",
        "gate_user" => "the gate: it does not serve its own user",
        "not_held" => "the client: this job did not receive it",
        "token_wrong_policy" => "the token is pinned to another policy",
        "signer_untrusted" => "the trust file: the signer is no approver",
        "WPC0408" => "the compiler: class `deadletter` has at most an hour",
        other => panic!("`{other}` is in no words"),
    }
}

/// An entry in short.
fn line(entry: &Entry) -> String {
    let what = match &entry.body {
        Body::Opened(_) => "opened".to_owned(),
        Body::Token(_) => "token".to_owned(),
        Body::Attempt(attempt) => {
            let resource = match &attempt.resource {
                Some(Seen::Named { kind, names }) => format!(" {kind} {}", names.join("/")),
                Some(_) => " (a resource that the policy does not name)".to_owned(),
                None => String::new(),
            };
            let verdict = match &attempt.verdict {
                Decided::Allow { .. } => "allow".to_owned(),
                Decided::Deny { reason, .. } => format!("deny {}", reason.code()),
            };
            format!("attempt {}{resource}: {verdict}", attempt.action)
        }
        Body::Outcome(settled) => {
            let provider = settled.provider.as_ref();
            let words = [
                Some(settled.outcome.word()),
                settled.outcome.code(),
                provider.and_then(|provider| provider.status.as_deref()),
                provider.and_then(|provider| provider.id.as_deref()),
            ];
            format!("outcome {}", words.into_iter().flatten().collect::<Vec<_>>().join(" "))
        }
        Body::Refused(untyped) => format!("refused {}", untyped.code),
        Body::Approval(_) => "approval".to_owned(),
        Body::Revoked(revoked) => format!("revoked {}", revoked.what),
        Body::Closed(_) => "closed".to_owned(),
        other => panic!("{other:?} is not expected"),
    };
    format!("{:>2} {what}", entry.seq)
}
