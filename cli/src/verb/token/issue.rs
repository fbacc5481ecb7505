//! `token issue` and `token renew`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use wpc::token::{self, IssueRequest, Issued, Token, TokenError};
use wpc::{Did, JobId};
use wpc_client::{Client, wire};
use wpc_model::Hash;

use super::released::By;
use super::{Lifetime, did, file, grant_path, job, members, not_issued, now_s, time};
use crate::artifact::Artifact;
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::plane;
use crate::verb::key;
use wpc_viewer::plain;

const JSON: &str =
    "`file`, `grant`, `issuer`, `job`, `jti`, `sub`, `ledger`, `policy_hash_b64u`, `iat`, `exp`";

#[derive(Debug, clap::Args)]
#[command(after_help = format!("\
Writes FILE (mode 0600) and FILE.grant.json; never over a file that is there. `--mint` names a new
job: the issuer does, never the agent. The lifetime is at most what the policy says, and that if
none is given. Read what you issue for first: `wpc verify` and `wpc show`.

With `--trust`, where that file names a releaser, a token is issued only for the policy that is
current by the releases in `--dir`; for a job that runs (`--job`) also while it may finish under
the policy that was current before. No gate takes a token for anything else.

Example: wpc token issue --artifact orders.wpc.dsse.json --key issuer.key --mint --out a.token \\
           --ledger did:key:z6Mk… --agent did:key:z6Mk… --lifetime 10m

JSON: {JSON}; `token` with `--stdout`"))]
pub(super) struct Issue {
    /// The policy that the agent works under, signed or not
    #[arg(long, value_name = "ARTIFACT")]
    artifact: PathBuf,
    /// The issuer's key file; of a control plane, that of an operator
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Have a control plane issue it, which takes the current release alone
    #[arg(long, value_name = "URL", conflicts_with_all = ["trust", "dir"])]
    server: Option<String>,
    #[command(flatten)]
    released: By,
    /// The gate's ledger
    #[arg(long, value_name = "DID", value_parser = did)]
    ledger: Did,
    /// A job that the issuer has named
    #[arg(long, value_name = "JOB", value_parser = job, required_unless_present = "mint")]
    job: Option<JobId>,
    /// Name a new job
    #[arg(long, conflicts_with = "job")]
    mint: bool,
    /// The agent; its did:key, unless the policy takes bearer tokens
    #[arg(long, value_name = "DID")]
    agent: String,
    /// Who owns the agent
    #[arg(long, value_name = "DID")]
    owner: Option<String>,
    /// Who controls the agent
    #[arg(long, value_name = "DID")]
    controller: Option<String>,
    /// A host that the token is for besides, such as a model gateway's
    #[arg(long, value_name = "HOST")]
    host: Vec<String>,
    /// How long it is valid: 900s, 15m, 1h
    #[arg(long, value_name = "TIME")]
    lifetime: Option<Lifetime>,
    /// Where to write it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Also print the token, which is a secret
    #[arg(long)]
    stdout: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("\
Only with the key that issued it; it may have expired. The new token has a name and times of its
own and says the same besides. FILE and FILE.grant.json are replaced.

With `--trust`, where that file names a releaser, only while jobs of the token's policy may begin
calls by the releases in `--dir`.

Example: wpc token renew agent.token --key issuer.key

JSON: {JSON}; `token` with `--stdout`"))]
pub(super) struct Renew {
    /// A token
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The issuer's key file
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    released: By,
    /// How long it is valid, at most as long as the one before: 900s, 15m, 1h
    #[arg(long, value_name = "TIME")]
    lifetime: Option<Lifetime>,
    /// Also print the token, which is a secret
    #[arg(long)]
    stdout: bool,
}

pub(super) fn issue(args: Issue, console: &mut Console) -> Result<Done, Failure> {
    let artifact = Artifact::read(&args.artifact)?;
    if let Some(url) = &args.server {
        let client = plane::client(url, &args.key)?;
        let (issued, issuer) = at_plane(&client, &args, artifact.hash)?;
        file::write(&args.out, &issued, false)?;
        return Ok(told(&args.out, &issued, &issuer, args.stdout, console));
    }
    let issuer = key::read(&args.key)?;
    args.released.issues(&artifact, args.job.is_some())?;
    let auth = &artifact.policy.token();
    let lifetime_s = within(args.lifetime, auth.max_ttl_seconds)?;
    if auth.proof_of_possession && Did::parse(&args.agent).is_err() {
        return Err(not_issued(&TokenError::AgentKey.into()));
    }
    let job = match args.job {
        Some(job) => job,
        None => JobId::mint()
            .map_err(|error| Failure::environment(error.code(), error.to_string()).cause(&error))?,
    };
    let request = IssueRequest {
        sub: args.agent,
        ledger: args.ledger,
        hosts: args.host,
        scope: vec![token::GATE_SCOPE.to_owned()],
        job,
        policy_hash: artifact.hash,
        jti: None,
        owner_did: args.owner,
        controller_did: args.controller,
        agent_did: None,
    };
    let issued = token::issue(&issuer, &request, lifetime_s, now_s()?).map_err(|error| not_issued(&error))?;
    file::write(&args.out, &issued, false)?;
    Ok(told(&args.out, &issued, &issuer.did(), args.stdout, console))
}

/// What a control plane issues, and with which key; nothing else than what was asked for.
fn at_plane(client: &Client, args: &Issue, policy_hash: Hash) -> Result<(Issued, Did), Failure> {
    let mut aud = vec![args.ledger.to_string()];
    aud.extend(args.host.iter().cloned());
    let asked = wire::Issue {
        sub: args.agent.clone(),
        aud: wire::OneOrMore(aud),
        scope: Vec::new(),
        policy_hash_b64u: policy_hash.to_string(),
        mission_id: args.job.as_ref().map(ToString::to_string),
        ttl_sec: args.lifetime.map(|lifetime| lifetime.seconds),
        exp: None,
        owner_did: args.owner.clone(),
        controller_did: args.controller.clone(),
        agent_did: None,
    };
    let answer = client.issue(&asked).map_err(|error| plane::failed(&error))?;
    let differs = || Failure::environment("control_plane_answer", "the control plane issued something else");
    let token = Token::parse(&answer.token).map_err(|error| differs().cause(&error))?;
    let claims = token.claims();
    let same = claims.sub() == args.agent
        && *claims.ledger() == args.ledger
        && claims.policy_hash() == policy_hash
        && args.job.as_ref().is_none_or(|job| job == claims.job());
    let issuer = Did::parse(&answer.issuer).map_err(|error| differs().cause(&error))?;
    let grant = serde_json::to_vec(&answer.grant).map_err(|error| differs().cause(&error))?;
    if same { Ok((Issued { token, grant }, issuer)) } else { Err(differs()) }
}

pub(super) fn renew(args: Renew, console: &mut Console) -> Result<Done, Failure> {
    let old = file::read(&args.file)?;
    let issuer = key::read(&args.key)?;
    args.released.renews(old.claims().policy_hash())?;
    let before_s = old.claims().exp_s().saturating_sub(old.claims().iat_s());
    let lifetime_s = within(args.lifetime, before_s)?;
    let issued = token::renew(&issuer, &old, lifetime_s, now_s()?)
        .map_err(|error| not_issued(&error).file(&args.file))?;
    file::write(&args.file, &issued, true)?;
    Ok(told(&args.file, &issued, &issuer.did(), args.stdout, console))
}

/// The lifetime in seconds that was asked for, or the longest.
fn within(asked: Option<Lifetime>, longest_s: i64) -> Result<i64, Failure> {
    let seconds = asked.map_or(longest_s, |lifetime| lifetime.seconds);
    if (1..=longest_s).contains(&seconds) {
        return Ok(seconds);
    }
    Err(Failure::no(
        "token_lifetime",
        format!("{seconds} s is longer than a token may live here, {longest_s} s"),
    )
    .help("ask for a shorter `--lifetime`"))
}

fn told(path: &Path, issued: &Issued, issuer: &Did, stdout: bool, console: &mut Console) -> Done {
    let (claims, grant) = (issued.token.claims(), grant_path(path));
    let mut answer = members(claims);
    let more = [
        ("file", path.display().to_string()),
        ("grant", grant.display().to_string()),
        ("issuer", issuer.to_string()),
    ];
    if let Value::Object(answer) = &mut answer {
        answer.extend(more.map(|(name, text)| (name.to_owned(), json!(text))));
        if stdout {
            answer.insert("token".to_owned(), json!(issued.token.as_str()));
        }
    }
    if stdout {
        // Alone on standard output, for a pipe.
        console.say(issued.token.as_str());
    } else {
        for path in [path, &grant] {
            console.say(format!("wrote {}", plain(&path.display().to_string())));
        }
        console.say(format!("job {}", claims.job()));
        console.say(format!("token {} until {}", claims.jti(), time(claims.exp_s())));
    }
    Done::yes(answer)
}
