//! `wpc fmt`: the one canonical layout.

use std::path::PathBuf;

use serde_json::json;
use wpc_compiler::Diagnostic;

use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::output::Batch;
use crate::{input, problems};
use wpc_viewer::plain;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example: wpc fmt --check policies/*.wpc

JSON: `changed` [file], `unchanged` [file], `problems` as of `wpc check`; with `-`, also `text`")]
pub(crate) struct Args {
    /// Policy files; `-` reads standard input and writes standard output
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write nothing: list the files that differ, and where
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    input::once(&args.files)?;
    let (mut changed, mut unchanged, mut broken) = (Vec::new(), Vec::new(), Vec::new());
    let mut batch = Batch::default();
    let mut standard = None;
    for path in &args.files {
        let source = input::alone(path)?;
        let tree = match wpc_grammar::parse(&source) {
            Ok(tree) => tree,
            Err(error) => {
                let found = [Diagnostic::from(error)];
                console.warn(problems::drawn(&found, &source, console.colour_of_warnings()));
                broken.extend(problems::json(&found, &source));
                continue;
            }
        };
        let formatted = wpc_grammar::print(&tree);
        let list = if formatted == source.text() { &mut unchanged } else { &mut changed };
        list.push(source.name().to_owned());
        if args.check {
            if formatted != source.text() {
                console.say(differences(source.name(), source.text(), &formatted));
            }
        } else if input::is_stdin(path) {
            standard = Some(formatted);
        } else if formatted != source.text() {
            batch.stage(path, formatted.as_bytes())?;
        }
    }
    let mut members = json!({ "changed": changed, "unchanged": unchanged, "problems": broken });
    if !broken.is_empty() {
        console.warn(format!("{}: nothing was written", problems::number(broken.len(), "error")));
        return Ok(Done::no(members));
    }
    batch.commit()?;
    if let Some(text) = standard {
        console.write(text.as_bytes());
        members.as_object_mut().map(|members| members.insert("text".to_owned(), json!(text)));
    } else {
        let verb = if args.check { "would change" } else { "changed" };
        console.say(format!("{} {verb}, {} as they are", changed.len(), unchanged.len()));
    }
    Ok(if args.check && !changed.is_empty() { Done::no(members) } else { Done::yes(members) })
}

/// The first line at which the two texts part, as a unified diff would show it.
fn differences(name: &str, found: &str, formatted: &str) -> String {
    let mut found_lines = found.lines();
    let mut formatted_lines = formatted.lines();
    let mut line = 1_usize;
    loop {
        let pair = (found_lines.next(), formatted_lines.next());
        if pair.0 != pair.1 || pair.0.is_none() {
            let show = |sign: char, text: Option<&str>| text.map(|text| format!("\n{sign}{}", plain(text)));
            let parts = [show('-', pair.0), show('+', pair.1)];
            let parts: String = parts.into_iter().flatten().collect();
            return format!("{}:{line}{parts}", plain(name));
        }
        line = line.saturating_add(1);
    }
}
