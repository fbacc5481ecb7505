//! `wpc completions`: what a shell needs to complete our words.

use clap::CommandFactory;
use clap_complete::Shell;
use serde_json::json;

use crate::args::Cli;
use crate::console::{Console, Done};
use crate::failure::Failure;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example: wpc completions bash > ~/.local/share/bash-completion/completions/wpc

JSON: `shell`, `script`")]
pub(crate) struct Args {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "wpc", &mut script);
    console.write(&script);
    Ok(Done::yes(json!({ "shell": args.shell.to_string(), "script": String::from_utf8_lossy(&script) })))
}
