//! `wpc`, the command line.
//!
//! ```text
//! arguments ──clap──▶ Cli ──verb::run──▶ Done | Failure ──Console::finish──▶ lines or JSON, exit code
//! ```
//!
//! One file per verb in `verb/`; each reads its inputs within bounds, asks a library, says what
//! came out, and writes its files at the very end, whole or not at all. No policy logic lives
//! here.

mod args;
mod artifact;
mod codes;
mod console;
mod evidence;
mod failure;
mod input;
mod lints;
mod map;
mod output;
mod param;
mod plane;
mod problems;
mod progress;
mod sarif;
mod schemas;
mod store;
mod table;
mod verb;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Cli;
use crate::console::Console;

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => {
            let mut console = Console::new(cli.format, cli.verbose);
            let name = cli.verb.name();
            let outcome = match cli.refused_format() {
                Some(failure) => Err(failure),
                None => cli.verb.run(&mut console),
            };
            console.finish(name, outcome)
        }
        Err(error) => console::usage(&error),
    }
}
