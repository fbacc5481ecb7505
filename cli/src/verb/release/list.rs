//! `release list`.

use serde_json::json;
use wpc_evidence::statement::Released;

use super::chains::Chains;
use super::{current, members, row};
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::table::Table;
use crate::verb::token::now_ms;
use wpc_viewer::plain;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Nothing is verified: `wpc release verify` does that.

Example: wpc release list --dir releases

JSON: `releases` [{`policy_name`, `policy_hash_b64u`, `seq`, `release_hash`, `previous`, `not_before`,
`not_after`, `running`, `current`}]")]
pub(super) struct List {
    /// Of this policy only
    #[arg(value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    chains: Chains,
}

pub(super) fn run(args: &List, console: &mut Console) -> Result<Done, Failure> {
    let names = match &args.name {
        Some(name) => vec![name.clone()],
        None => args.chains.names()?,
    };
    let (now_ms, mut listed) = (now_ms()?, Vec::new());
    for name in names {
        let all = args.chains.look(&name)?;
        let current = current(&all, now_ms).map(|one| one.hash);
        let is_current = |one: &Released| Some(one.hash) == current && one.release.holds_at(now_ms).is_ok();
        console.say(plain(&name));
        let mut table = Table::indented(2);
        for one in &all {
            let [seq, hash, times, running] = row(one);
            let word = if is_current(one) { "current" } else { "" };
            table.row([seq, hash, times, running, word.to_owned()]);
            let mut member = members(one);
            if let serde_json::Value::Object(member) = &mut member {
                member.insert("current".to_owned(), json!(is_current(one)));
            }
            listed.push(member);
        }
        if !table.is_empty() {
            console.say(table);
        }
    }
    Ok(Done::yes(json!({ "releases": listed })))
}
