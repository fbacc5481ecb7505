//! `wpc witness`: cosigns the heads of ledgers, and never two histories of one.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;
use wpc_evidence::Did;
use wpc_evidence::checkpoint::SignedCheckpoint;
use wpc_evidence::private_file::{self, Draft, DraftError};
use wpc_evidence::witness::{MAX_REQUEST_BYTES, Request, WitnessError, cosign};

use super::key;
use super::token::now_ms;
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::{evidence, input, output};
use wpc_viewer::plain;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
A witness is run by somebody else than the ledger, and remembers what it signed.

Example: wpc witness cosign head.request --previous orders.last --key witness.key \\
           --trust trust.json --out head.note")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Cosign a head that begins with the one cosigned last
    #[command(after_help = "\
`--previous` is the witness's memory: the last head that it cosigned of this ledger, with its own
signature. It is replaced before the new signature is written. A missing one is an error, unless
`--first` says that this ledger was never cosigned: whoever loses it could cosign another history.

Refused are a head that is smaller, one that does not begin with the last (another history), and one
that the ledger did not sign.

Example: wpc witness cosign head.request --previous orders.last --key witness.key \\
           --trust trust.json --out head.note

JSON: `origin`, `size`, `old`, `witness`, `at`, `out`")]
    Cosign(Cosign),
}

#[derive(Debug, clap::Args)]
struct Cosign {
    /// What `wpc ledger checkpoint --request` wrote
    #[arg(value_name = "REQUEST")]
    request: PathBuf,
    /// The last head of this ledger that this witness cosigned
    #[arg(long, value_name = "NOTE")]
    previous: PathBuf,
    /// There is none yet
    #[arg(long)]
    first: bool,
    /// The witness's key file
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Who is trusted for what: it names the ledgers
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// The cosigned head
    #[arg(long, value_name = "NOTE")]
    out: PathBuf,
}

impl Args {
    /// The verb in full.
    pub(crate) fn name(&self) -> &'static str {
        match self.verb {
            Verb::Cosign(_) => "witness cosign",
        }
    }
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    let Verb::Cosign(args) = args.verb;
    let trust = evidence::trust(&args.trust)?;
    let text = input::text(&args.request, "request", MAX_REQUEST_BYTES)?;
    let request = Request::parse(&text).map_err(|error| {
        Failure::no(error.code(), format!("not what a witness is asked: {error}"))
            .file(&args.request)
            .help("give what `wpc ledger checkpoint --request` wrote")
            .cause(&error)
    })?;
    let key = key::read(&args.key)?;
    // Nobody else signs with this memory meanwhile.
    let _lock = lock(&args.previous)?;
    let last = remembered(&args, &key.did())?;
    let old = request.old;
    let at_s = u64::try_from(now_ms()?.div_euclid(1_000)).unwrap_or_default();
    let before = last.as_ref().map(SignedCheckpoint::unverified);
    let cosigned = cosign(request, before, &trust, &key, at_s).map_err(|error| refused(&args, &error))?;
    remember(&args.previous, &cosigned)?;
    output::replace(&args.out, cosigned.to_string().as_bytes())?;
    let head = cosigned.unverified();
    console.say(format!(
        "cosigned {} leaves of {}, {old} were before",
        head.size,
        plain(&head.origin.to_string())
    ));
    Ok(Done::yes(json!({
        "origin": head.origin.to_string(),
        "size": head.size,
        "old": old,
        "witness": key.did().to_string(),
        "at": at_s,
        "out": args.out.display().to_string(),
    })))
}

/// Holds a file beside the memory until it is dropped.
fn lock(previous: &Path) -> Result<File, Failure> {
    let mut name = previous.as_os_str().to_owned();
    name.push(".lock");
    let path = PathBuf::from(name);
    let locked = File::options().create(true).write(true).truncate(false).open(&path);
    locked.and_then(|file| file.lock().map(|()| file)).map_err(|error| unwritten(&path, &error))
}

/// What this witness cosigned last.
fn remembered(args: &Cosign, witness: &Did) -> Result<Option<SignedCheckpoint>, Failure> {
    let there = args.previous.try_exists().map_err(|error| unwritten(&args.previous, &error))?;
    if args.first {
        if there {
            return Err(Failure::environment("file_exists", "this ledger was cosigned before")
                .file(&args.previous)
                .help("leave out `--first`"));
        }
        return Ok(None);
    }
    let note = evidence::checkpoint(&args.previous)?;
    if note.is_cosigned_by(witness) {
        return Ok(Some(note));
    }
    Err(Failure::environment("checkpoint_signature", "this witness did not cosign it")
        .file(&args.previous)
        .help("give the file that this witness wrote last for this ledger"))
}

/// Puts the new head in the old one's place, for good.
fn remember(path: &Path, note: &SignedCheckpoint) -> Result<(), Failure> {
    let mut draft = Draft::beside(path).map_err(|error| match error {
        DraftError::Random(error) => Failure::environment(error.code(), error.to_string()).cause(&error),
        DraftError::Io(error) => unwritten(path, &error),
    })?;
    let written = draft.file.write_all(note.to_string().as_bytes()).and_then(|()| draft.file.sync_all());
    let renamed = written.and_then(|()| fs::rename(&draft.path, path));
    renamed.and_then(|()| private_file::sync_directory(path)).map_err(|error| unwritten(path, &error))
}

fn unwritten(path: &Path, error: &io::Error) -> Failure {
    Failure::environment("file_unwritable", format!("cannot be written: {}", input::reason(error)))
        .file(path)
        .help("check the directory")
        .cause(error)
}

fn refused(args: &Cosign, error: &WitnessError) -> Failure {
    let help = match error {
        WitnessError::Unknown => "name the ledger's key with the role `ledger` in the trust file",
        WitnessError::OldSize { .. } => {
            "ask again with `wpc ledger checkpoint --old` and the size cosigned last"
        }
        WitnessError::Shrunk { .. } | WitnessError::Forked => {
            "keep both heads: the ledger's key told two histories, or an older copy of the ledger is in use"
        }
        WitnessError::Checkpoint(_) | _ => "give what `wpc ledger checkpoint --request` wrote",
    };
    Failure::no(error.code(), format!("not cosigned: {error}")).file(&args.request).help(help).cause(error)
}
