//! `wpc audit`: what an auditor asks of a ledger as a whole, of single receipts, and of an agent's configuration.

mod census;
mod openclaw;
mod receipt;

use clap::Subcommand;

use crate::console::{Console, Done};
use crate::failure::Failure;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example: wpc audit census --ledger ledger/orders.db --bundles bundles --trust trust.json")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Find jobs without a bundle, bundles without a job, and jobs that the ledger hides
    Census(census::Census),
    /// Verify the receipt of an entry
    Receipt(receipt::Verify),
    /// Find where OpenClaw's configuration is wider than a policy
    Openclaw(openclaw::Openclaw),
}

impl Args {
    /// The verb in full.
    pub(crate) fn name(&self) -> &'static str {
        match self.verb {
            Verb::Census(_) => "audit census",
            Verb::Receipt(_) => "audit receipt",
            Verb::Openclaw(_) => "audit openclaw",
        }
    }
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    match args.verb {
        Verb::Census(args) => census::run(&args, console),
        Verb::Receipt(args) => receipt::run(&args, console),
        Verb::Openclaw(args) => openclaw::run(&args, console),
    }
}
