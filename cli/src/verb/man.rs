//! `wpc man`: one page per verb.

use std::path::PathBuf;

use clap::CommandFactory;
use serde_json::json;

use crate::args::Cli;
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::output::Batch;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example: wpc man ~/.local/share/man/man1 && man wpc-compile

JSON: `files` [path]")]
pub(crate) struct Args {
    /// An existing directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    let mut command = Cli::command();
    command.build();
    let mut pages = vec![command.clone()];
    for verb in command.get_subcommands() {
        pages.push(verb.clone());
        pages.extend(verb.get_subcommands().cloned());
    }
    let (mut batch, mut files) = (Batch::default(), Vec::new());
    for page in pages {
        let name = page.get_bin_name().unwrap_or("wpc").replace(' ', "-");
        let mut text = Vec::new();
        clap_mangen::Man::new(page)
            .title(name.clone())
            .render(&mut text)
            .map_err(|error| Failure::environment("man_page", "cannot write a man page").cause(&error))?;
        let file = args.directory.join(format!("{name}.1"));
        batch.stage(&file, &text)?;
        files.push(file.display().to_string());
    }
    batch.commit()?;
    console.say(format!("wrote {} pages to {}", files.len(), args.directory.display()));
    Ok(Done::yes(json!({ "files": files })))
}
