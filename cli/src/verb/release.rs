//! `wpc release`: which policy of a name is the current one.

pub(super) mod chains;
mod list;
mod make;
mod show;
mod submit;
mod verify;
mod when;

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};
use wpc_evidence::statement::{Release, ReleaseError, Released, StatementError};
use wpc_model::instant_text;

use crate::console::{Console, Done};
use crate::failure::Failure;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "\
A signed policy is good for ever; a release says which one of its name is current. Releases are
numbered, each names the one before by its hash, and a ledger that has seen one takes no older one.
Whoever signs needs the role `releaser` in the trust file. The policy must be signed by its authors.

To go back to an older policy, release it anew with `--back`: it becomes current under the next
number, and what is running under the one that replaced it is treated as `--running` says.

Without `--not-before` it is current at once, without `--not-after` for 365 days.

The releases are in a directory, or with `--server` at a control plane that has the policy (`wpc
registry put` stores it). What was signed elsewhere is handed in with `wpc registry release`.

Example: wpc release orders.wpc.dsse.json --key releaser.key --trust trust.json --dir releases

JSON: `file` (null at a control plane), `policy_name`, `policy_hash_b64u`, `seq`, `release_hash`,
`previous`, `not_before`, `not_after`, `running`, `principals` [name]")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    make: Option<make::Make>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List the releases of every policy, or of one
    List(list::List),
    /// Show a release, without verifying it
    Show(show::Show),
    /// Say whether the releases of a policy are a chain that a releaser signed, and what is current
    Verify(verify::Verify),
    /// Hand the releases of a policy to a ledger, and so to its gates
    Submit(Box<submit::Submit>),
}

impl Args {
    /// The verb in full.
    pub(crate) fn name(&self) -> &'static str {
        match self.verb {
            None => "release",
            Some(Verb::List(_)) => "release list",
            Some(Verb::Show(_)) => "release show",
            Some(Verb::Verify(_)) => "release verify",
            Some(Verb::Submit(_)) => "release submit",
        }
    }
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    match (args.verb, args.make) {
        (Some(Verb::List(args)), _) => list::run(&args, console),
        (Some(Verb::Show(args)), _) => show::run(&args, console),
        (Some(Verb::Verify(args)), _) => verify::run(&args, console),
        (Some(Verb::Submit(args)), _) => submit::run(&args, console),
        (None, Some(args)) => make::run(&args, console),
        (None, None) => Err(Failure::environment("usage", "no artifact is given")
            .help("give the signed policy that is to become current")),
    }
}

/// The name of a policy on the command line.
#[derive(Debug, clap::Args)]
struct Named {
    /// The policy's name
    #[arg(value_name = "NAME")]
    name: String,
}

/// A release for programs.
fn members(Released { release, hash }: &Released) -> Value {
    let Release { policy_name, seq, policy_hash, previous, not_before, not_after, running } = release;
    json!({
        "policy_name": policy_name,
        "policy_hash_b64u": policy_hash.to_string(),
        "seq": seq,
        "release_hash": hash.to_string(),
        "previous": previous.map(|hash| hash.to_string()),
        "not_before": instant_text(*not_before),
        "not_after": instant_text(*not_after),
        "running": running.word(),
    })
}

/// The same as a row: number, policy, times, and what becomes of running jobs.
fn row(Released { release, .. }: &Released) -> [String; 4] {
    let until = format!("{} to {}", instant_text(release.not_before), instant_text(release.not_after));
    [release.seq.to_string(), release.policy_hash.to_string(), until, release.running.word().to_owned()]
}

/// The release that is current, of those of one name.
fn current(all: &[Released], now_ms: i64) -> Option<&Released> {
    all.iter().rfind(|one| one.release.not_before <= now_ms)
}

fn unread(error: &StatementError, file: Option<PathBuf>) -> Failure {
    let failure = Failure::no(error.code(), format!("not a release: {error}"))
        .help("give a file that `wpc release` wrote")
        .cause(error);
    match file {
        Some(file) => failure.file(&file),
        None => failure,
    }
}

pub(super) fn refused(error: &ReleaseError) -> Failure {
    let help = match error {
        ReleaseError::Statement(_) => "let a principal with the role `releaser` in the trust file sign it",
        ReleaseError::Gap | ReleaseError::Name => "give the whole chain of the policy's releases",
        ReleaseError::RolledBack => "release the policy anew with `--back`, if it is wanted back",
        ReleaseError::Forked => "compare both chains, and find out who signs with the releaser's key",
        ReleaseError::Required
        | ReleaseError::NotReleased
        | ReleaseError::Changed
        | ReleaseError::Early
        | ReleaseError::Expired
        | _ => "release the policy with `wpc release`",
    };
    Failure::no(error.code(), format!("refused: {error}")).help(help).cause(error)
}
