//! `bundle create`.

use std::path::PathBuf;

use serde_json::{Value, json};
use wpc::JobId;
use wpc::bundle::{BundleError, Options, verify};
use wpc_evidence::checkpoint::{MAX_CHECKPOINT_BYTES, SignedCheckpoint};

use super::{say, told};
use crate::console::{Console, Done};
use crate::evidence::{self, Place, failed};
use crate::failure::Failure;
use crate::input;
use crate::output;
use crate::plain::plain;

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
    /// A checkpoint of the ledger's own log that witnesses cosigned
    #[arg(long, value_name = "NOTE")]
    checkpoint: Option<PathBuf>,
    /// The bundle
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run(args: &Create, console: &mut Console) -> Result<Done, Failure> {
    let trust = evidence::trust(&args.trust)?;
    let cosigned = args.checkpoint.as_ref().map(|path| {
        let text = input::text(path, "checkpoint", MAX_CHECKPOINT_BYTES)?;
        SignedCheckpoint::parse(&text).map_err(|error| {
            Failure::environment(error.code(), format!("not a checkpoint: {error}"))
                .file(path)
                .help("give the note that the witness returned")
                .cause(&error)
        })
    });
    let cosigned = cosigned.transpose()?;
    let ledger = args.place.open()?;
    let bundle = wpc::bundle::of_job(&ledger, &args.place.key()?, &args.job, cosigned.as_ref());
    let bundle = bundle.map_err(|error| match error {
        BundleError::Ledger(error) => failed(&args.place.ledger, &error),
        BundleError::Key
        | BundleError::Checkpoint
        | BundleError::DocumentMissing
        | BundleError::Create(_)
        | _ => Failure::environment(error.code(), error.to_string())
            .file(&args.place.ledger)
            .help("run `wpc ledger check`")
            .cause(&error),
    })?;
    output::replace(&args.out, &bundle)?;
    let report = verify(&bundle, &trust, &Options::default());
    console.say(format!("wrote {}, {} bytes", plain(&args.out.display().to_string()), bundle.len()));
    say(&report, console);
    let mut members = told(&report);
    if let Value::Object(members) = &mut members {
        members.insert("file".to_owned(), json!(args.out.display().to_string()));
        members.insert("bytes".to_owned(), json!(bundle.len()));
    }
    Ok(Done::yes(members))
}
