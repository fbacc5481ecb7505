//! `approve sign`.

use std::path::PathBuf;

use serde_json::json;
use wpc_evidence::statement::{ApprovalRequest, Granted, MAX_REQUEST_BYTES, Nonce, approve};
use wpc_model::{Bind, Hash, Uses, instant_text};

use super::{members, show};
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::verb::key;
use crate::verb::token::{Lifetime, now_ms};
use crate::{input, output};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Shows the call with its values, recomputes what the ledger commits to from them, and signs only if it
is the same. The policy says how long after the request a call may begin; `--for` must not go beyond.

Example: wpc approve sign CALL.request.json --key oncall.key --for 10m --out CALL.approval.json

JSON: `approver`, `not_after`, `file`, `envelope_sha256_b64u`, `request_hash`, `request`")]
pub(super) struct Sign {
    /// A request that `approve list` wrote
    #[arg(value_name = "REQUEST")]
    request: PathBuf,
    /// Your own key file
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Until how long after it was asked the call may begin: 90s, 10m, 1h
    #[arg(long = "for", value_name = "TIME")]
    within: Lifetime,
    /// How many calls it may admit, as far as the policy lets it
    #[arg(long, value_name = "N", default_value_t = 1)]
    uses: u32,
    /// Fix these arguments only, in place of all; `--bind ''` fixes none
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    bind: Option<Vec<String>>,
    /// Where to write it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run(args: &Sign, console: &mut Console) -> Result<Done, Failure> {
    let bytes = input::bytes(&args.request, "request", MAX_REQUEST_BYTES)?;
    let not_signed = |error: wpc_evidence::statement::StatementError| {
        Failure::no(error.code(), format!("not signed: {error}"))
            .file(&args.request)
            .help("have the request written again: `wpc approve list`")
            .cause(&error)
    };
    let request = ApprovalRequest::decode(&bytes).map_err(not_signed)?;
    request.check().map_err(not_signed)?;
    show(&request, console);
    let key = key::read(&args.key)?;
    let bind = match &args.bind {
        None => Bind::Arguments,
        Some(names) => {
            let mut names: Vec<_> = names.iter().filter(|name| !name.is_empty()).cloned().collect();
            names.sort_unstable();
            names.dedup();
            Bind::Some(names)
        }
    };
    let within_ms = args.within.seconds.saturating_mul(1_000);
    let not_after = request.requested_at.saturating_add(within_ms);
    let nonce =
        Nonce::mint().map_err(|error| Failure::environment(error.code(), error.to_string()).cause(&error))?;
    let issued_at = now_ms()?.max(request.requested_at);
    let granted = Granted { bind, uses: Uses::Times(args.uses), issued_at, not_after, nonce };
    let envelope = approve(&key, &request, granted).map_err(not_signed)?;
    output::replace(&args.out, &envelope)?;
    console.say(format!("signed as {} until {}", key.did(), instant_text(not_after)));
    console.say(format!("wrote {}", args.out.display()));
    let mut answer = members(&request)?;
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("approver".to_owned(), json!(key.did().to_string()));
        answer.insert("not_after".to_owned(), json!(instant_text(not_after)));
        answer.insert("file".to_owned(), json!(args.out.display().to_string()));
        answer.insert("envelope_sha256_b64u".to_owned(), json!(Hash::of(&envelope).to_string()));
    }
    Ok(Done::yes(answer))
}
