//! `wpc explain`: the page of a code.

use serde_json::json;
use wpc_compiler::Code;

use crate::codes;
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::table::Table;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example: wpc explain WPC0201

JSON: `code`, `title`, `severity`, `page` (Markdown); without CODE, `codes` [{`code`, `title`}]")]
pub(crate) struct Args {
    /// `WPC0201`, or a lower-case code such as `default_deny`; without it, all codes
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    let Some(code) = args.code else { return Ok(list(console)) };
    if let Some(code) = Code::from_text(&code) {
        console.say(code.page().trim_end());
        return Ok(Done::yes(json!({
            "code": code.text(), "title": code.title(), "severity": code.severity().word(), "page": code.page(),
        })));
    }
    let Some(page) = codes::find(&code) else {
        return Err(Failure::environment("usage", format!("no code `{code}`"))
            .help("run `wpc explain` for the list of codes"));
    };
    let text = page.text();
    console.say(&text);
    Ok(Done::yes(json!({ "code": page.code, "title": page.title, "severity": "error", "page": text })))
}

fn list(console: &mut Console) -> Done {
    let compile = Code::ALL.iter().map(|code| (code.text(), code.title()));
    let all: Vec<_> = compile.chain(codes::all().map(|page| (page.code, page.title))).collect();
    let mut table = Table::default();
    all.iter().for_each(|(code, title)| table.row([(*code).to_owned(), (*title).to_owned()]));
    console.say(table);
    let codes: Vec<_> = all.iter().map(|(code, title)| json!({ "code": code, "title": title })).collect();
    Done::yes(json!({ "codes": codes }))
}
