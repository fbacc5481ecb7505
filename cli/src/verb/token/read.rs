//! `token inspect` and `token verify`.

use std::path::PathBuf;

use serde_json::{Value, json};
use wpc::token::{self, Expected};
use wpc::{Did, JobId, Trust};

use super::{advice, did, file, job, members, now_s, time};
use crate::artifact::Artifact;
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::input;
use crate::table::Table;
use wpc_viewer::plain;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Nothing is verified: whoever made the file could have written anything into it.

Example: wpc token inspect agent.token

JSON: `verified` (false), `kid`, `claims`")]
pub(super) struct Inspect {
    /// A token; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Checks what a gate checks, but for what only a gate knows: whether the agent proves its key,
whether the token is revoked, and whether the job is open.

Example: wpc token verify agent.token --trust trust.json --policy orders.wpc.json \\
           --ledger did:key:z6Mk…

JSON: `issuer`, `principal`, `job`, `jti`, `sub`, `ledger`, `policy_hash_b64u`, `iat`, `exp`,
`needs_proof`")]
pub(super) struct Verify {
    /// A token; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Who is trusted for what
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// The gate's ledger
    #[arg(long, value_name = "DID", value_parser = did)]
    ledger: Did,
    /// The gate's policy
    #[arg(long, value_name = "ARTIFACT")]
    policy: PathBuf,
    /// The job that runs
    #[arg(long, value_name = "JOB", value_parser = job)]
    job: Option<JobId>,
}

pub(super) fn inspect(args: &Inspect, console: &mut Console) -> Result<Done, Failure> {
    let token = file::read(&args.file)?;
    let claims = token.claims();
    let value: Value = serde_json::from_slice(&claims.to_canonical()).unwrap_or_default();
    console.say("not verified; it says:");
    let mut table = Table::indented(2);
    for (name, value) in value.as_object().into_iter().flatten() {
        let text = match (name.as_str(), value) {
            ("iat", _) => time(claims.iat_s()),
            ("exp", _) => time(claims.exp_s()),
            (_, Value::String(text)) => text.clone(),
            (_, Value::Array(texts)) => texts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n"),
            (_, other) => other.to_string(),
        };
        table.row([name.clone(), plain_lines(&text)]);
    }
    table.row(["kid".to_owned(), token.kid().to_owned()]);
    console.say(table);
    Ok(Done::yes(json!({ "verified": false, "kid": token.kid(), "claims": value })))
}

/// Line feeds are ours, everything else is somebody's.
fn plain_lines(text: &str) -> String {
    text.lines().map(plain).collect::<Vec<_>>().join("\n")
}

pub(super) fn verify(args: &Verify, console: &mut Console) -> Result<Done, Failure> {
    input::once([&args.file, &args.trust, &args.policy])?;
    let trust = input::bytes(&args.trust, "trust file", wpc::MAX_TRUST_BYTES)?;
    let trust = Trust::parse(&trust).map_err(|error| {
        Failure::environment(error.code(), format!("the trust file cannot be used: {error}"))
            .file(&args.trust)
            .help("correct the trust file")
            .cause(&error)
    })?;
    let policy = Artifact::read(&args.policy)?;
    let text = file::text(&args.file)?;
    let auth = &policy.policy.token();
    let expected = Expected { ledger: &args.ledger, policy_hash: policy.hash, auth, job: args.job.as_ref() };
    let verified = token::verify(&text, &trust, &expected, now_s()?).map_err(|error| {
        Failure::no(error.code(), format!("not verified: {error}"))
            .file(&args.file)
            .help(advice(error))
            .cause(&error)
    })?;
    let claims = verified.claims();
    console.say(format!("issued by {}, {}", plain(verified.principal()), verified.issuer()));
    console.say(format!("to {}", claims.sub()));
    console.say(format!("for job {} under {}", claims.job(), plain(&policy.policy.name)));
    console.say(format!("verified {} until {}", claims.jti(), time(claims.exp_s())));
    let mut answer = members(claims);
    if let Value::Object(answer) = &mut answer {
        answer.insert("issuer".to_owned(), json!(verified.issuer().as_str()));
        answer.insert("principal".to_owned(), json!(verified.principal()));
        answer.insert("needs_proof".to_owned(), json!(auth.proof_of_possession));
    }
    Ok(Done::yes(answer))
}
