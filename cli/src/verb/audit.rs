//! `wpc audit`: what an auditor asks of a ledger as a whole, and of single receipts.

mod census;
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
}

impl Args {
    /// The verb in full.
    pub(crate) fn name(&self) -> &'static str {
        match self.verb {
            Verb::Census(_) => "audit census",
            Verb::Receipt(_) => "audit receipt",
        }
    }
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    match args.verb {
        Verb::Census(args) => census::run(&args, console),
        Verb::Receipt(args) => receipt::run(&args, console),
    }
}
