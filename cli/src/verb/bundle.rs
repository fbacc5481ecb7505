//! `wpc bundle`: one file that proves one job.

mod create;
mod export;
mod query;
mod show;
mod verify;

use std::path::Path;

use clap::Subcommand;
use wpc::bundle::{Code, View};

use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::input;

pub(crate) use verify::say;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example: wpc bundle verify job.bundle.json --trust trust.json")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make the bundle of a job
    Create(Box<create::Create>),
    /// Verify a bundle, replaying every decision
    Verify(Box<verify::Verify>),
    /// Write a bundle as Clawsig's `proof_bundle`
    Export(export::Export),
    /// Show what a bundle says, without verifying it
    Show(Box<show::Show>),
    /// Find calls in bundles, without verifying them
    Query(Box<query::Query>),
}

impl Args {
    /// The verb in full.
    pub(crate) fn name(&self) -> &'static str {
        match self.verb {
            Verb::Create(_) => "bundle create",
            Verb::Verify(_) => "bundle verify",
            Verb::Export(_) => "bundle export",
            Verb::Show(_) => "bundle show",
            Verb::Query(_) => "bundle query",
        }
    }
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    match args.verb {
        Verb::Create(args) => create::run(&args, console),
        Verb::Verify(args) => verify::run(&args, console),
        Verb::Export(args) => export::run(&args, console),
        Verb::Show(args) => show::run(&args, console),
        Verb::Query(args) => query::run(&args, console),
    }
}

/// The bytes of a bundle.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    input::bytes(file, "bundle", wpc::bundle::MAX_BUNDLE_BYTES)
}

/// What a bundle says; nobody has verified it.
fn view(bundle: &[u8], file: &Path) -> Result<View, Failure> {
    wpc::bundle::view(bundle).map_err(|code| unread(code, file))
}

/// The bytes of `file` are no bundle.
fn unread(code: Code, file: &Path) -> Failure {
    Failure::no(code.word(), "not a bundle")
        .file(file)
        .help("give a file that `wpc bundle create` wrote, and verify it with `wpc bundle verify`")
}
