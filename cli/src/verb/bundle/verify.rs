//! `bundle verify`, and reports in words.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anstyle::{AnsiColor, Style};

use wpc::bundle::{Accepted, Code, Gap, Options, Report, Verdict, verify};
use wpc_evidence::statement::MAX_STATEMENT_ENVELOPE_BYTES;

use super::read;
use crate::console::{Console, Done};
use crate::evidence;
use crate::failure::Failure;
use crate::input;
use crate::table::Table;
use wpc_viewer::plain;

const BAD: Style = AnsiColor::Red.on_default().bold();
const OPEN: Style = AnsiColor::Yellow.on_default().bold();
const GOOD: Style = AnsiColor::Green.on_default().bold();

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Works offline: the file and the trust file are all that it reads. `verified` is yes; `incomplete`
(something cannot be established, and was not accepted) and `refused` are no. A closed job whose
openings are there is what a policy demands by itself.

Example: wpc bundle verify job.bundle.json --trust trust.json --accept gap_not_closed

JSON: `verdict`, `about`, `findings` [{`stage`, `code`, `seq`, `detail`}], `found`,
`gaps` [{`code`, `count`, `accepted`}], `counts`, `witnesses`")]
pub(super) struct Verify {
    /// A bundle
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Who is trusted for what
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// A gap that does not stand in the way
    #[arg(long, value_name = "CODE", value_parser = gap)]
    accept: Vec<Code>,
    /// The revoker's own log: its signed statements in their order, one file each
    #[arg(long, value_name = "FILE")]
    revocation: Vec<PathBuf>,
}

fn gap(word: &str) -> Result<Code, String> {
    let code = Code::from_word(word).filter(|code| code.is_gap());
    code.ok_or_else(|| "not a gap; `wpc explain` lists them".to_owned())
}

pub(super) fn run(args: &Verify, console: &mut Console) -> Result<Done, Failure> {
    let trust = evidence::trust(&args.trust)?;
    let bundle = read(&args.file)?;
    let revocations: Result<Vec<_>, _> = args
        .revocation
        .iter()
        .map(|path| input::bytes(path, "revocation", MAX_STATEMENT_ENVELOPE_BYTES))
        .collect();
    let revocations = revocations?;
    let known = (!revocations.is_empty()).then_some(revocations.as_slice());
    let accept: BTreeSet<Code> = args.accept.iter().copied().collect();
    let report = verify(&bundle, &trust, &Options { accept, revocations: known });
    say(&report, console);
    let members = report.to_json();
    Ok(match report.verdict() {
        Verdict::Verified => Done::yes(members),
        Verdict::Incomplete | Verdict::Refused => Done::no(members),
    })
}

/// The report as lines.
pub(crate) fn say(report: &Report, console: &mut Console) {
    if let Some(about) = &report.about {
        let mode = about.mode.map_or("a ledger of unknown mode", |mode| mode.word());
        let mut table = Table::indented(2);
        table.row(["job".to_owned(), about.job.to_string()]);
        table.row(["agent".to_owned(), plain(&about.agent).into_owned()]);
        table.row(["policy".to_owned(), format!("{} {}", plain(&about.policy), about.policy_hash)]);
        table.row(["ledger".to_owned(), format!("{}, {mode}", about.ledger)]);
        console.say(table);
    }
    for finding in &report.findings {
        let seq = finding.seq.map(|seq| format!(" at entry {seq}")).unwrap_or_default();
        let detail = finding.detail.map(|detail| format!(": {detail}")).unwrap_or_default();
        console.say(format!("{BAD}{}{BAD:#} ({}){seq}{detail}", finding.code, finding.stage.word()));
    }
    let untold = report.found.saturating_sub(u64::try_from(report.findings.len()).unwrap_or(u64::MAX));
    if untold > 0 {
        console.say(format!("and {untold} more"));
    }
    for Gap { code, count, accepted } in &report.gaps {
        let count = count.map(|count| format!(" {count}")).unwrap_or_default();
        match accepted {
            None => console.say(format!("{OPEN}{code}{OPEN:#}{count}, not accepted")),
            Some(Accepted::Caller) => console.say(format!("{code}{count}, accepted")),
            Some(Accepted::NotDemanded) => console.say(format!("{code}{count}, not demanded")),
        }
    }
    let counts = &report.counts;
    if report.verdict() != Verdict::Refused {
        console.say(format!(
            "{} entries, {} decisions and {} outcomes replayed, {} facts shown, {} attested, {} after the last cosigned head",
            counts.entries, counts.replayed, counts.settled, counts.opened, counts.attested, counts.trailing,
        ));
    }
    for (name, at_s) in &report.witnesses {
        let at_ms = i64::try_from(*at_s).unwrap_or(i64::MAX).saturating_mul(1_000);
        console.say(format!("cosigned by {} at {}", plain(name), wpc_model::instant_text(at_ms)));
    }
    console.say(match report.verdict() {
        Verdict::Verified => format!("{GOOD}verified{GOOD:#}"),
        Verdict::Incomplete => format!("{OPEN}incomplete{OPEN:#}"),
        Verdict::Refused => format!("{BAD}refused{BAD:#}"),
    });
}
