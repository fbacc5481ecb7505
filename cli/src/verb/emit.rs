//! `wpc emit`: what a policy means in another format.

mod json_schema;
mod openclaw;
mod rbac;

use clap::Subcommand;

use crate::console::{Console, Done};
use crate::failure::Failure;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example: wpc emit rbac orders.wpc.json --out azure")]
pub(crate) struct Args {
    #[command(subcommand)]
    target: Target,
}

#[derive(Debug, Subcommand)]
enum Target {
    /// The tools that the policy allows, as MCP offers them
    JsonSchema(json_schema::JsonSchema),
    /// The configuration of OpenClaw that lets agents do what the policy allows and no more
    Openclaw(Box<openclaw::Openclaw>),
    /// The least role assignments in Azure under which its calls work
    Rbac(rbac::Rbac),
}

impl Args {
    /// The verb in full.
    pub(crate) fn name(&self) -> &'static str {
        match self.target {
            Target::JsonSchema(_) => "emit json-schema",
            Target::Openclaw(_) => "emit openclaw",
            Target::Rbac(_) => "emit rbac",
        }
    }
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    match args.target {
        Target::JsonSchema(args) => json_schema::run(&args, console),
        Target::Openclaw(args) => openclaw::run(&args, console),
        Target::Rbac(args) => rbac::run(&args, console),
    }
}
