//! `wpc revoke`: no more of this.

use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::json;
use wpc::ledger::{LedgerError, Misplaced};
use wpc::{Did, JobId, approval};
use wpc_client::Client;
use wpc_client::wire::{Revoke, RevokeToken};
use wpc_evidence::statement::{Revoked, Statement as _};
use wpc_model::Hash;

use crate::console::{Console, Done};
use crate::evidence;
use crate::failure::Failure;
use crate::plane;
use crate::store::Either;
use crate::verb::key;
use crate::verb::token::now_ms;
use wpc_viewer::plain;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Once this returns, no call that it is about is admitted by any gate of the ledger; what was admitted
before begins within a second or never. A job, a token, a policy and an approval are revoked for
ever; of an agent and of an issuer's key, the tokens that were issued until now. These can be lifted:
with `--lift`, tokens that were issued before are good again until they expire.

With `--server` a control plane revokes, and every gate that follows it learns of it.

Example: wpc revoke job job_7fz3q --ledger ledger/orders.db --trust trust.json --key revoker.key

JSON: `kind`, `value`, `revocation_seq`")]
pub(crate) struct Args {
    /// What kind of thing
    #[arg(value_enum)]
    kind: Kind,
    /// Which: a token's `jti`, a job, a hash, a DID or an agent's name
    #[arg(value_name = "VALUE")]
    value: String,
    /// Take back what was revoked of an agent or an issuer's key
    #[arg(long)]
    lift: bool,
    /// Of a token: the DID of the key that issued it
    #[arg(long, value_name = "DID", value_parser = crate::verb::token::did, required_if_eq("kind", "token"))]
    issuer: Option<Did>,
    #[command(flatten)]
    at: Either,
    /// Who is trusted for what
    #[arg(long, value_name = "FILE", required_unless_present = "server")]
    trust: Option<PathBuf>,
    /// Why, for the control plane's audit log
    #[arg(long, value_name = "TEXT", requires = "server")]
    reason: Option<String>,
    /// The revoker's key file; of a control plane, that of an operator
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Kind {
    Token,
    Job,
    Policy,
    Agent,
    IssuerKey,
    Approval,
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    let Args { kind, value, issuer, lift, at, trust, reason, key } = args;
    let revoked = revoked(kind, &value, issuer)?;
    let revoked = if lift { lifting(&revoked)? } else { revoked };
    let done = if lift { "lifted" } else { "revoked" };
    let what = revoked.lifts().map_or(revoked.kind(), |lifted| lifted.kind());
    if let Some(url) = &at.server {
        let seq = at_plane(&plane::client(url, &key)?, &revoked, reason)?;
        console.say(format!("{done} {what} {}, number {seq}", plain(&value)));
        return Ok(Done::yes(json!({ "kind": revoked.kind(), "value": value, "revocation_seq": seq })));
    }
    let (Some(place), Some(trust)) = (at.place(), trust) else {
        return Err(Failure::environment("usage", "a ledger needs `--trust`"));
    };
    let trust = evidence::trust(&trust)?;
    let key = key::read(&key)?;
    let ledger = place.open()?;
    let refused = |error: approval::SubmitError| {
        let message = format!("not {done}: {error}");
        if let approval::SubmitError::Ledger(of_ledger) = &error {
            if *of_ledger == LedgerError::Misplaced(Misplaced::NotRevoked) {
                Failure::no(error.code(), message).help("name it as it was revoked")
            } else {
                Failure::environment(error.code(), message)
            }
        } else {
            Failure::no(error.code(), message)
                .help("sign with a key whose principal has the role `revoker` in the trust file")
        }
        .cause(&error)
    };
    let next = approval::next_revocation(&*ledger, &trust, revoked.clone(), now_ms()?).map_err(refused)?;
    let envelope = next.sign(std::slice::from_ref(&key)).map_err(|error| {
        Failure::no(error.code(), format!("not {done}: {error}")).help("give another value").cause(&error)
    })?;
    let seq = approval::revoke(&*ledger, &trust, &envelope).map_err(refused)?;
    console.say(format!("{done} {what} {}, number {seq}", plain(&value)));
    Ok(Done::yes(json!({ "kind": revoked.kind(), "value": value, "revocation_seq": seq })))
}

/// What lifts it, if it can be lifted.
fn lifting(revoked: &Revoked) -> Result<Revoked, Failure> {
    revoked.lifted_by().ok_or_else(|| {
        Failure::environment("usage", format!("a revoked {} is revoked for ever", word(revoked)))
            .help("issue another token, release another policy, or ask for another approval")
    })
}

fn word(revoked: &Revoked) -> &'static str {
    if revoked.issuer().is_some() { "token" } else { revoked.kind() }
}

/// Its number among the control plane's revocations.
fn at_plane(client: &Client, revoked: &Revoked, reason: Option<String>) -> Result<u64, Failure> {
    let done = match revoked.issuer() {
        Some(issuer) => {
            let (issuer, jti) = (Some(issuer.to_string()), Some(revoked.value()));
            let asked = RevokeToken { issuer, jti, reason, ..RevokeToken::default() };
            client.revoke_token(&asked).map(|done| done.revocation_seq)
        }
        None => {
            let asked = Revoke { kind: revoked.kind().to_owned(), value: revoked.value(), reason };
            client.revoke(&asked).map(|done| done.revocation_seq)
        }
    };
    done.map_err(|error| plane::failed(&error))
}

fn revoked(kind: Kind, value: &str, issuer: Option<Did>) -> Result<Revoked, Failure> {
    let usage = |what: &str| {
        Failure::environment("usage", format!("`{}` is not {what}", plain(value)))
            .help("copy it from `wpc ledger show`")
    };
    let hash = || Hash::from_text(value).ok_or_else(|| usage("a hash of 43 characters"));
    Ok(match (kind, issuer) {
        (Kind::Token, Some(issuer)) => Revoked::Jti { issuer, jti: value.to_owned() },
        (Kind::Token, None) => return Err(usage("enough: a token is named by its issuer too")),
        (Kind::Job, _) => Revoked::Job(JobId::parse(value).map_err(|_| usage("the id of a job"))?),
        (Kind::Policy, _) => Revoked::Policy(hash()?),
        (Kind::Agent, _) => Revoked::Agent(value.to_owned()),
        (Kind::IssuerKey, _) => Revoked::IssuerKey(Did::parse(value).map_err(|_| usage("a did:key"))?),
        (Kind::Approval, _) => Revoked::Approval(hash()?),
    })
}
