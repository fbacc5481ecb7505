//! `wpc check`: does it parse, does it make sense, is it wise.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use serde_json::json;
use wpc_compiler::{Code, Diagnostic, Severity};

use crate::args::Format;
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::param::Param;
use crate::problems::{self, Count};
use crate::{input, lints, param, sarif};

/// Every lint at once.
const EVERY: &str = "lint";

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example: wpc check policies/orders.wpc --deny no_limit

JSON: `files` [{`file`, `errors`, `warnings`, `notes`}], `problems` [{`code`, `severity`, `lint`,
`message`, `file`, `line`, `column`, `end_line`, `end_column`, `label`, `also`, `help`, `rule`}].
`--format sarif` writes one SARIF 2.1.0 document; columns count characters.")]
pub(crate) struct Args {
    /// Policy, interface and test files; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Make a lint an error: its name, or `lint` for every one
    #[arg(long, value_name = "LINT", value_parser = lints(), hide_possible_values = true)]
    deny: Vec<String>,
    /// Give a parameter a value instead of its default
    #[arg(long, value_name = "NAME=VALUE")]
    param: Vec<Param>,
}

fn lints() -> PossibleValuesParser {
    std::iter::once(EVERY).chain(Code::ALL.iter().filter_map(|code| code.lint())).collect::<Vec<_>>().into()
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    input::once(&args.files)?;
    let parameters = param::collect(&args.param)?;
    let sources = args.files.iter().map(|file| input::source(file)).collect::<Result<Vec<_>, _>>()?;
    let (mut total, mut files, mut all) = (Count::default(), Vec::new(), Vec::new());
    let mut by_file = Vec::new();
    for source in &sources {
        let (mut found, compiled) = wpc_compiler::examine(source, &parameters);
        if let Some(compiled) = compiled {
            lints::add(&compiled, &mut found);
        }
        deny(&mut found, &args.deny);
        if !found.is_empty() {
            console.say(problems::drawn(&found, source, console.colour()));
            console.say("");
        }
        let mut count = Count::default();
        count.add(&found);
        total.add(&found);
        let Count { errors, warnings, notes } = count;
        files.push(json!({ "file": source.name(), "errors": errors, "warnings": warnings, "notes": notes }));
        all.extend(problems::json(&found, source));
        by_file.push((source, found));
    }
    console.say(format!("{}: {}", problems::number(sources.len(), "file"), total.words()));
    let members = json!({ "files": files, "problems": all });
    let done = if total.errors == 0 { Done::yes(members) } else { Done::no(members) };
    Ok(if console.format() == Format::Sarif { done.document(sarif::written(&by_file)) } else { done })
}

/// Raises the lints that were denied.
fn deny(found: &mut [Diagnostic], denied: &[String]) {
    let is_denied = |lint: &str| denied.iter().any(|name| name == EVERY || name == lint);
    for diagnostic in found {
        if diagnostic.code.lint().is_some_and(is_denied) {
            diagnostic.severity = Severity::Error;
        }
    }
}
