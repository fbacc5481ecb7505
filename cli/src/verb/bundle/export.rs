//! `bundle export`.

use std::path::PathBuf;

use serde_json::json;
use wpc::Role;
use wpc::bundle::{Options, Verdict, verify};
use wpc_evidence::clawsig::{self, ExportError};

use crate::console::{Console, Done};
use crate::evidence;
use crate::failure::Failure;
use crate::output;
use crate::problems::number;
use crate::verb::{key, token};
use wpc_viewer::plain;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The bundle is verified first, and nothing of one that is refused is signed. Side effects and approvals
are left out where no receipt of a model call has a span: clawverify takes them only beside one.

Example: wpc bundle export job.bundle.json --trust trust.json --key agent.key \\
           --gateway-key export.key --out job.clawsig.json

JSON: `file`, `bytes`, `agent`, `gateway`, `verdict`, `events`, `tool_receipts`, `side_effects`,
`approvals`, `model_receipts`, `unbound_receipts`, `left_out`")]
pub(super) struct Export {
    /// A bundle
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,
    /// Who is trusted for what
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// The agent's key, which signs the export
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The gateway's key for exports, which signs the receipts; never the ledger's
    #[arg(long, value_name = "FILE")]
    gateway_key: PathBuf,
    /// Write side effects and approvals even if nothing anchors them; clawverify refuses the file then
    #[arg(long)]
    unanchored: bool,
    /// The export
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run(args: &Export, console: &mut Console) -> Result<Done, Failure> {
    let trust = evidence::trust(&args.trust)?;
    let (agent, gateway) = (key::read(&args.key)?, key::read(&args.gateway_key)?);
    let bundle = super::read(&args.bundle)?;
    let report = verify(&bundle, &trust, &Options::default());
    if report.verdict() == Verdict::Refused {
        let code = report.findings.first().map_or("malformed", |finding| finding.code.word());
        return Err(Failure::no(code, "the bundle is refused, so nothing of it is signed")
            .file(&args.bundle)
            .help("see why with `wpc bundle verify`"));
    }
    let a_ledgers = trust.principal_of(&gateway.did()).is_some_and(|holder| holder.has(Role::Ledger));
    let options = clawsig::Options { issued_at: token::now_ms()?, unanchored: args.unanchored };
    let made = if a_ledgers {
        Err(ExportError::SharedKey)
    } else {
        clawsig::export(&bundle, &agent, &gateway, options)
    };
    let made = made.map_err(|error| {
        let (file, help) = match error {
            ExportError::AgentName => (&args.bundle, "export jobs that were opened with a token"),
            ExportError::AgentKey => (&args.key, "give the key that the job's token names"),
            ExportError::SharedKey => (&args.gateway_key, "make a key for exports alone with `wpc key new`"),
            ExportError::TooManyEvents(_) => (&args.bundle, "close jobs before they have that many entries"),
            ExportError::Bundle(_) | ExportError::NotOpened | ExportError::Time | _ => {
                (&args.bundle, "make the bundle again with `wpc bundle create`")
            }
        };
        Failure::no(error.code(), error.to_string()).file(file).help(help).cause(&error)
    })?;
    output::replace(&args.out, &made.bytes)?;
    let file = args.out.display().to_string();
    console.say(format!("wrote {}, {} bytes", plain(&file), made.bytes.len()));
    console.say(format!(
        "{}, {}",
        number(made.events, "event"),
        number(made.tool_receipts, "signed tool receipt")
    ));
    if made.model_receipts > 0 {
        console.say(number(made.model_receipts, "receipt of a model call"));
    }
    if made.unbound_receipts > 0 {
        console.say(format!(
            "left out: {}, bound to no event of the job",
            number(made.unbound_receipts, "receipt of a model call")
        ));
    }
    let more =
        format!("{} and {}", number(made.side_effects, "side effect"), number(made.approvals, "approval"));
    if made.left_out {
        console.say(format!("left out: {more}, which no model receipt anchors"));
    } else if made.side_effects > 0 || made.approvals > 0 {
        console.say(if args.unanchored && made.model_receipts == 0 {
            format!("{more}, which no model receipt anchors: clawverify refuses the file")
        } else {
            more
        });
    }
    Ok(Done::yes(json!({
        "file": file,
        "bytes": made.bytes.len(),
        "agent": agent.did().to_string(),
        "gateway": gateway.did().to_string(),
        "verdict": report.verdict().word(),
        "events": made.events,
        "tool_receipts": made.tool_receipts,
        "side_effects": made.side_effects,
        "approvals": made.approvals,
        "model_receipts": made.model_receipts,
        "unbound_receipts": made.unbound_receipts,
        "left_out": made.left_out,
    })))
}
