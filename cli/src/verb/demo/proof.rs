//! The proof bundle of a job: made, verified, changed, refused.

use std::collections::BTreeSet;

use wpc::JobId;
use wpc::bundle::{Code, Options, Report, Verdict, of_job, verify};

use super::contract::Contract;
use super::script::Script;
use crate::failure::Failure;
use crate::output;

/// Where the bundle is written.
const FILE: &str = "job.bundle.json";

/// Plays it for a job that is closed.
pub(super) fn play(contract: &Contract, job: &JobId, script: &mut Script<'_>) -> Result<(), Failure> {
    let bundle = of_job(&*contract.ledger, &contract.ledger_key, job, None)
        .map_err(|error| Failure::no(error.code(), error.to_string()).cause(&error))?;
    output::replace(&contract.directory.join(FILE), &bundle)?;
    script.say(format!(
        "  wrote {FILE}, {} bytes: all that an auditor needs beside the trust file",
        bundle.len()
    ));

    let asked =
        |accept: BTreeSet<Code>| verify(&bundle, &contract.trust, &Options { accept, ..Options::default() });
    let first = asked(BTreeSet::new());
    script.expect("the auditor verifies it, offline", "incomplete", first.verdict().word());
    script.say(format!("      not established, and this policy demands some of it: {}", gaps(&first)));
    let accept = first.gaps.iter().map(|gap| gap.code).collect();
    let report = asked(accept);
    script.expect("the same, with these gaps accepted by name", "verified", report.verdict().word());
    let counts = &report.counts;
    script.say(format!(
        "      {} entries, {} decisions replayed, {} values opened",
        counts.entries, counts.replayed, counts.opened
    ));

    let mut changed = bundle.clone();
    // Somewhere in the middle of the payload: a value, a hash, a name, whatever it is.
    let at = changed.len().div_euclid(2);
    if let Some(byte) = changed.get_mut(at) {
        *byte = if *byte == b'A' { b'B' } else { b'A' };
    }
    let report = verify(&changed, &contract.trust, &Options::default());
    script.expect("a copy of which one byte was changed", Verdict::Refused.word(), report.verdict().word());
    let found: Vec<_> = report.findings.iter().map(|finding| finding.code.word()).collect();
    script.say(format!("      {}", found.join(", ")));
    Ok(())
}

fn gaps(report: &Report) -> String {
    let open = report.gaps.iter().filter(|gap| gap.accepted.is_none());
    open.map(|gap| gap.code.word()).collect::<Vec<_>>().join(", ")
}
