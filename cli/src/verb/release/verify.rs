//! `release verify`.

use std::path::PathBuf;

use serde_json::json;
use wpc_evidence::statement::Releases;

use super::chains::Chains;
use super::{Named, current, members, refused};
use crate::console::{Console, Done};
use crate::evidence;
use crate::failure::Failure;
use crate::verb::token::now_ms;
use wpc_viewer::plain;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The newest release must bear the signature of as many releasers as the trust file demands; it names
the one before by its hash, and so on to the first. The answer is no if nothing is current now.

Example: wpc release verify asb-send-orders-staging --dir releases --trust trust.json

JSON: `policy_name`, `releases` (how many), `current` {`policy_hash_b64u`, `seq`, `release_hash`, `previous`,
`not_before`, `not_after`, `running`} or null")]
pub(super) struct Verify {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    chains: Chains,
    /// Who is trusted for what
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
}

pub(super) fn run(args: &Verify, console: &mut Console) -> Result<Done, Failure> {
    let trust = evidence::trust(&args.trust)?;
    let name = &args.named.name;
    let releases = Releases::verify(args.chains.read(name)?, &trust).map_err(|error| refused(&error))?;
    let all = releases.all();
    if all.first().is_none_or(|one| one.release.seq != 1) {
        return Err(refused(&wpc_evidence::statement::ReleaseError::Gap));
    }
    if all.iter().any(|one| one.release.policy_name != *name) {
        return Err(refused(&wpc_evidence::statement::ReleaseError::Name));
    }
    let now_ms = now_ms()?;
    let current = current(all, now_ms);
    let holds = current.filter(|one| one.release.holds_at(now_ms).is_ok());
    console.say(format!("verified {} releases of {}", all.len(), plain(name)));
    match (holds, current) {
        (Some(one), _) => {
            console.say(format!("current is release {}: {}", one.release.seq, one.release.policy_hash));
        }
        (None, Some(one)) => {
            console.say(format!("release {} has expired, and none is current", one.release.seq))
        }
        (None, None) => console.say("none is current yet"),
    }
    let answer = json!({ "policy_name": name, "releases": all.len(), "current": holds.map(members) });
    Ok(if holds.is_some() { Done::yes(answer) } else { Done::no(answer) })
}
