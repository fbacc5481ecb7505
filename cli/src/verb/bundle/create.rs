//! `bundle create`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use wpc::JobId;
use wpc::bundle::{BundleError, Options, verify};
use wpc_evidence::checkpoint::SignedCheckpoint;
use wpc_evidence::trust::{Role, Trust};

use super::say;
use crate::console::{Console, Done};
use crate::evidence;
use crate::failure::Failure;
use crate::output;
use crate::store::Place;
use wpc_viewer::plain;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The ledger's own log gets the job's head first. The file is verified against the trust file once it
is made, and written whatever that says: an open job is incomplete, and may be looked at.

Example: wpc bundle create --ledger ledger/orders.db --trust trust.json --job JOB \\
           --out job.bundle.json

JSON: `file`, `bytes`, and the members of `bundle verify`")]
pub(super) struct Create {
    #[command(flatten)]
    place: Place,
    /// Who is trusted for what
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// The job
    #[arg(long, value_name = "JOB", value_parser = crate::verb::token::job)]
    job: JobId,
    /// A checkpoint of the ledger's own log that witnesses cosigned, in place of the newest that the ledger keeps
    #[arg(long, value_name = "NOTE")]
    checkpoint: Option<PathBuf>,
    /// The bundle
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run(args: &Create, console: &mut Console) -> Result<Done, Failure> {
    let trust = evidence::trust(&args.trust)?;
    let given = args.checkpoint.as_ref().map(|path| evidence::checkpoint(path)).transpose()?;
    let (store, ledger) = (args.place.store()?, args.place.open()?);
    let cosigned = match given {
        Some(note) => Some(note),
        None => enough(&ledger.cosigned().map_err(|error| store.failed(&error))?, &trust),
    };
    let bundle = wpc::bundle::of_job(&*ledger, &args.place.key()?, &args.job, cosigned.as_ref());
    let bundle = bundle.map_err(|error| match error {
        BundleError::Ledger(error) => store.failed(&error),
        BundleError::Key
        | BundleError::Checkpoint
        | BundleError::DocumentMissing
        | BundleError::Create(_)
        | _ => Failure::environment(error.code(), error.to_string())
            .file(Path::new(&store.to_string()))
            .help("run `wpc ledger check`")
            .cause(&error),
    })?;
    output::replace(&args.out, &bundle)?;
    let report = verify(&bundle, &trust, &Options::default());
    console.say(format!("wrote {}, {} bytes", plain(&args.out.display().to_string()), bundle.len()));
    say(&report, console);
    let mut members = report.to_json();
    if let Value::Object(members) = &mut members {
        members.insert("file".to_owned(), json!(args.out.display().to_string()));
        members.insert("bytes".to_owned(), json!(bundle.len()));
    }
    Ok(Done::yes(members))
}

/// The newest of the heads that the ledger keeps which as many witnesses cosigned as the trust file demands.
fn enough(kept: &[SignedCheckpoint], trust: &Trust) -> Option<SignedCheckpoint> {
    kept.iter().find(|note| note.cosigners(trust).len() >= trust.threshold(Role::Witness)).cloned()
}
