//! `wpc token`: the secret that lets one agent do one job under one policy, for a while.

pub(crate) mod file;
mod issue;
mod lifetime;
mod read;
mod released;

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Subcommand;
use serde_json::{Value, json};
use wpc::token::{Claims, IssueError, TokenError};
use wpc::{Did, JobId};

use crate::console::{Console, Done};
use crate::failure::Failure;

pub(crate) use lifetime::Lifetime;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
A token is a JWT for one agent, job, policy and ledger. It is a secret: it goes to a file of its
owner's (mode 0600) and is printed only on `--stdout`. Beside it lies its grant, FILE.grant.json,
which says the same, is no secret, and which no gate takes as a token.

Example: wpc token issue --artifact orders.wpc.json --key issuer.key --mint --out agent.token \\
           --ledger did:key:z6Mk… --agent did:key:z6Mk…")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Issue a token and its grant
    Issue(Box<issue::Issue>),
    /// Issue another token for the same job, in place of the file's
    Renew(issue::Renew),
    /// Show what a token says, without verifying it
    Inspect(read::Inspect),
    /// Say whether a gate would take a token now
    Verify(Box<read::Verify>),
}

impl Args {
    /// The verb in full.
    pub(crate) fn name(&self) -> &'static str {
        match self.verb {
            Verb::Issue(_) => "token issue",
            Verb::Renew(_) => "token renew",
            Verb::Inspect(_) => "token inspect",
            Verb::Verify(_) => "token verify",
        }
    }
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    match args.verb {
        Verb::Issue(args) => issue::issue(*args, console),
        Verb::Renew(args) => issue::renew(args, console),
        Verb::Inspect(args) => read::inspect(&args, console),
        Verb::Verify(args) => read::verify(&args, console),
    }
}

/// Now, in Unix seconds.
fn now_s() -> Result<i64, Failure> {
    Ok(now_ms()?.div_euclid(1_000))
}

/// Now, in Unix milliseconds.
pub(crate) fn now_ms() -> Result<i64, Failure> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok();
    since.and_then(|since| i64::try_from(since.as_millis()).ok()).ok_or_else(|| {
        Failure::environment("clock_out_of_range", "the clock is before 1970").help("correct the clock")
    })
}

/// The text of a time in Unix seconds.
fn time(at_s: i64) -> String {
    wpc_model::instant_text(at_s.saturating_mul(1_000))
}

/// What both sides may know of a token.
fn members(claims: &Claims) -> Value {
    json!({
        "job": claims.job().as_str(),
        "jti": claims.jti(),
        "sub": claims.sub(),
        "ledger": claims.ledger().as_str(),
        "policy_hash_b64u": claims.policy_hash().to_string(),
        "iat": claims.iat_s(),
        "exp": claims.exp_s(),
    })
}

/// A DID on the command line.
pub(crate) fn did(text: &str) -> Result<Did, String> {
    Did::parse(text).map_err(|error| error.to_string())
}

/// A job on the command line.
pub(crate) fn job(text: &str) -> Result<JobId, String> {
    JobId::parse(text).map_err(|error| error.to_string())
}

fn not_issued(error: &IssueError) -> Failure {
    let message = format!("not issued: {error}");
    match error {
        IssueError::Refused(refused) => Failure::no(error.code(), message).help(advice(*refused)),
        IssueError::OtherIssuer => {
            Failure::no(error.code(), message).help("renew it with the key that issued it")
        }
        IssueError::Random(_) | _ => Failure::environment(error.code(), message).help("try again"),
    }
    .cause(error)
}

fn advice(error: TokenError) -> &'static str {
    match error {
        TokenError::IsGrant => "give the token's file; the grant lies beside it",
        TokenError::IssuerUntrusted => "use the trust file of the deployment, or a token of its issuer",
        TokenError::IssuerRole => "give the principal the role `token_issuer`, or use an issuer's token",
        TokenError::IssuerThreshold => "set the threshold of `token_issuer` to 1",
        TokenError::Audience | TokenError::WrongLedger => "have a token issued for the gate's ledger",
        TokenError::WrongPolicy => "have a token issued for the policy that runs",
        TokenError::WrongJob => "have a token issued for this job",
        TokenError::Lifetime => "ask for a shorter `--lifetime`; `wpc show` prints the policy's longest",
        TokenError::NotYetValid => "synchronise the clocks of issuer and gate",
        TokenError::Expired => "renew it: `wpc token renew`",
        TokenError::AgentKey => "issue it to the agent's did:key: `wpc key show` prints it",
        TokenError::TooLarge
        | TokenError::Malformed
        | TokenError::Header
        | TokenError::SignatureInvalid
        | TokenError::Claims(_)
        | TokenError::ScopeHash
        | _ => "have it issued again: `wpc token issue`",
    }
}

/// `FILE.grant.json`.
pub(crate) fn grant_path(token: &std::path::Path) -> PathBuf {
    let mut path = token.as_os_str().to_owned();
    path.push(".grant.json");
    path.into()
}
