//! The proof bundle: one file that proves one job, and the verifier that says whether it does
//! (WIRE.md 5, SECURITY.md 2.5).
//!
//! ```text
//! Parts ──create(ledger's key)──▶ file ──verify(trust)──▶ Report: verified | incomplete | refused
//!                                      └─replay(trust, another policy)──▶ what would have been decided
//! ```
//!
//! The file is an in-toto Statement v1 in canonical JSON, in a DSSE envelope that the ledger's key signed.
//! Its predicate carries the signed policy, grants, approvals and revocations, every entry of the job's
//! log, openings of what they commit to, the signed head of that log, and its leaves in the ledger's own
//! log with their inclusion proofs. Verification needs the file and a trust file, and nothing else: it is
//! a pure function.
//!
//! Stages run in the order of SECURITY.md 2.5. All that a stage finds is reported, and what follows is
//! not looked at. What cannot be established from the file is a gap, which stands in the way of
//! `verified` unless the caller accepts it or nobody demands it.
//!
//! # Limits
//!
//! Whoever holds the ledger's key can sign another log of a job, also a shorter one with a `closed` of its
//! own, as far as no witness has cosigned a leaf of the first; entries after the last cosigned leaf are
//! counted, and a bundle without one says `gap_not_witnessed`. What a gate never saw leaves no entry.

mod agreement;
mod approvals;
mod code;
mod cursor;
mod decide;
mod documents;
mod gaps;
mod grants;
mod history;
mod log;
mod openings;
mod other;
mod parallel;
mod parts;
mod policy;
mod read;
mod receipts;
mod released;
mod replay;
mod report;
mod revoked;
mod view;

use crate::entry::Body;
use crate::trust::Trust;

pub use code::{Code, Stage};
pub use other::{Change, Replayed, Said, replay};
pub use parts::{Anchored, CreateError, Parts, TakenRelease, Withdrawn, create};
pub use report::{About, Accepted, Counts, Finding, Gap, MAX_FINDINGS, Options, Report, Verdict};
pub use revoked::REVOCATION_BOUND_MS;
pub use view::{Shown, View, view};

use documents::Documents;
use read::Run;

/// Payload type of a bundle.
pub const RUN_TYPE: &str = "application/vnd.in-toto+json";
/// Longest accepted bundle, in bytes.
pub const MAX_BUNDLE_BYTES: usize = 512 << 20;
/// Most entries of a bundle: those that a job may have, and the outcomes and the end that it still takes.
pub const MAX_ENTRIES: usize = 210_000;
/// Most openings.
pub const MAX_OPENINGS: usize = 4_000_000;
/// Most grants.
pub const MAX_GRANTS: usize = 10_000;
/// Most approvals, and as many requests and memberships.
pub const MAX_APPROVALS: usize = 10_000;
/// Most releases.
pub const MAX_RELEASES: usize = 1_000;
/// Most revocations.
pub const MAX_REVOCATIONS: usize = 1_000;
/// Most receipts of model calls.
pub const MAX_RECEIPTS: usize = 100_000;
/// Most leaves of the ledger's own log.
pub const MAX_LEAVES: usize = 210_000;
/// Longest inclusion proof: a tree has fewer leaves than 2 to the power of this.
pub const MAX_PATH: usize = 64;

/// Verifies a bundle with what the trust file says and nothing else.
#[must_use]
pub fn verify(bytes: &[u8], trust: &Trust, options: &Options<'_>) -> Report {
    let mut report = Report::default();
    if let Err(findings) = stages(bytes, trust, options, &mut report) {
        report.refuse(findings);
    }
    report
}

fn stages(
    bytes: &[u8],
    trust: &Trust,
    options: &Options<'_>,
    report: &mut Report,
) -> Result<(), Vec<Finding>> {
    let (payload, keys) = documents::open(bytes, trust).map_err(|finding| vec![finding])?;
    let run = Run::read(&payload).map_err(|code| vec![Finding::new(code).in_stage(Stage::Read)])?;
    let ledger = *run.origin.ledger_did();
    if !keys.contains(&ledger) {
        let why = "another ledger's key signed the bundle";
        return Err(vec![Finding::new(Code::SignerUntrusted).because(why)]);
    }
    let documents = Documents::verify(&run, trust)?;
    let entries = log::decode(&run);
    let stops = revoked::Stops::read(&documents, &entries, options, trust).map_err(|error| {
        let finding = Finding::new(documents::of_statement(error)).in_stage(Stage::Envelopes);
        vec![finding.because("the revoker's log")]
    })?;
    let under = policy::verify(&documents, &entries)?;
    released::verify(&documents, &entries, &under)?;
    let tokens = grants::verify(&documents, &entries, &under.auth, trust)?;
    let anchors = log::verify(&run, &entries)?;
    let about = about(&run, &entries, trust);
    report.about.clone_from(&about);
    report.counts.entries = report::count(entries.len());
    report.counts.allowed = run.summary.allowed;
    report.counts.denied.clone_from(&run.summary.denied);
    report.counts.outcomes.clone_from(&run.summary.outcomes);
    agreement::verify(&run, &entries, &under, &tokens)?;
    let openings = openings::read(&run);
    let cases = openings::cases(&openings, &entries, &under.policy);
    let approvals = approvals::verify(&approvals::Looked {
        run: &run,
        documents: &documents,
        entries: &entries,
        under: &under,
        tokens: &tokens,
        cases: &cases,
        trust,
    })?;
    let receipts = receipts::verify(&run, &entries, &under, &tokens, trust)?;
    let amounts = openings::verify(&openings, &entries, &under.policy)?;
    let within = openings::answered_within(&cases, &under.policy);
    (report.counts.opened, report.counts.attested) =
        (amounts.opened, amounts.attested.saturating_add(within));
    let watch = revoked::Watch::new(&stops, &run, &entries, &under, &tokens);
    let sources: Vec<_> = wpc_model::Provenance::of(&under.policy).sources().cloned().collect();
    let looked = replay::Looked {
        sources: &sources,
        entries: &entries,
        cases: &cases,
        openings: &openings,
        policy: &under.policy,
        tokens: &tokens,
        approvals: &approvals,
        withdrawn: &stops.withdrawn(),
        receipts: &receipts,
    };
    let replayed = replay::verify(&looked, watch)?;
    report.counts.replayed = replayed.decisions;
    report.counts.settled = replayed.outcomes;
    report.counts.withheld = replayed.withheld;
    // The log's stage refuses a job that was not opened.
    let Some(about) = about else { return Err(vec![Finding::new(Code::SeqGap)]) };
    let looked = gaps::Looked {
        run: &run,
        entries: &entries,
        policy: &under.policy,
        about: &about,
        anchors,
        agent_scope: replayed.agent_scope,
        revocations_known: stops.is_known(&entries),
        trust,
        options,
    };
    (report.gaps, report.witnesses) = looked.gaps(&mut report.counts);
    report.finished = true;
    Ok(())
}

fn about(run: &Run<'_>, entries: &[log::Logged], trust: &Trust) -> Option<About> {
    let ledger = *run.origin.ledger_did();
    let (opened, _) = policy::opened(entries)?;
    let last = entries.last().and_then(|last| last.entry.as_ref().ok());
    Some(About {
        ledger,
        mode: trust.principal_of(&ledger).and_then(crate::Principal::mode),
        job: run.origin.job_id()?.clone(),
        agent: opened.agent.clone(),
        policy: opened.policy.clone(),
        policy_hash: opened.policy_hash,
        closed: last.is_some_and(|last| matches!(last.body, Body::Closed(_))),
    })
}
