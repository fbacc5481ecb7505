//! `wpc`, the command line, and `wpc-service-bus`, which stands on the same files as its gates.
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
mod bus;
mod codes;
mod console;
mod evidence;
mod failure;
mod input;
mod lints;
mod map;
mod openclaw;
mod output;
mod param;
mod plane;
mod problems;
mod progress;
mod sarif;
mod schemas;
mod stand;
mod store;
mod table;
mod verb;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Cli;
use crate::console::Console;

/// Runs `wpc`.
#[must_use]
pub fn wpc() -> ExitCode {
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

/// Runs `wpc-service-bus`.
#[must_use]
pub fn service_bus() -> ExitCode {
    match bus::Args::try_parse() {
        Ok(args) => {
            let mut console = Console::new(args.format(), args.verbose);
            let outcome = bus::run(args, &mut console);
            console.finish("wpc-service-bus", outcome)
        }
        Err(error) => console::usage(&error),
    }
}
