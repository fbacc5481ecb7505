//! A policy becomes the current one of its name.

use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::{Value, json};
use wpc::{Envelope, Key, Role, Trust};
use wpc_client::Client;
use wpc_evidence::statement::{Release, ReleaseHead, Released, Releases, Statement as _};
use wpc_model::{Hash, OnChange, instant_text};

use super::chains::Chains;
use super::when::When;
use super::{members, refused};
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::verb::key;
use crate::verb::token::now_ms;
use crate::{artifact, evidence, input, plane};
use wpc_viewer::plain;

/// How long a release holds where nothing is said, in milliseconds.
const YEAR_MS: i64 = 365 * 86_400_000;

#[derive(Debug, clap::Args)]
pub(super) struct Make {
    /// The policy, signed by its authors
    #[arg(value_name = "ARTIFACT")]
    artifact: PathBuf,
    /// The releaser's key file
    #[arg(long, value_name = "FILE", required = true)]
    key: Vec<PathBuf>,
    /// Who is trusted for what
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// The directory of releases
    #[arg(long, value_name = "DIR", required_unless_present = "server", conflicts_with = "server")]
    dir: Option<PathBuf>,
    /// A control plane that has the policy and its releases; the first key signs the requests too
    #[arg(long, visible_alias = "registry", value_name = "URL")]
    server: Option<String>,
    /// From when on: a time, or so long from now
    #[arg(long, value_name = "TIME")]
    not_before: Option<When>,
    /// Until when: a time, or so long from now
    #[arg(long, value_name = "TIME")]
    not_after: Option<When>,
    /// What becomes of jobs that run under another policy of this name; the policy's own word may be stricter
    #[arg(long, value_enum, default_value_t = Running::Finish)]
    running: Running,
    /// The policy was released before, and is wanted back
    #[arg(long)]
    back: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Running {
    /// They end under their policy
    Finish,
    /// They begin no more calls
    Drain,
    /// They are over
    Kill,
}

impl From<Running> for OnChange {
    fn from(running: Running) -> Self {
        match running {
            Running::Finish => Self::Finish,
            Running::Drain => Self::Drain,
            Running::Kill => Self::Kill,
        }
    }
}

/// Where the releases of the policy's name are.
enum At {
    Folder(Chains),
    Plane(Client),
}

impl At {
    fn of(args: &Make) -> Result<Self, Failure> {
        match (&args.dir, &args.server, args.key.as_slice()) {
            (Some(dir), None, _) => Ok(Self::Folder(Chains::of(dir))),
            (None, Some(url), [first, ..]) => Ok(Self::Plane(plane::client(url, first)?)),
            _ => Err(Failure::environment("usage", "no place of releases is given")
                .help("give `--dir DIR`, or `--server URL`")),
        }
    }

    fn read(&self, policy_name: &str) -> Result<Vec<Vec<u8>>, Failure> {
        match self {
            Self::Folder(chains) => chains.read(policy_name),
            Self::Plane(client) => client.releases(policy_name).map_err(|error| plane::failed(&error)),
        }
    }

    /// The file, where it is one.
    fn add(&self, release: &Release, envelope: &[u8]) -> Result<Option<PathBuf>, Failure> {
        match self {
            Self::Folder(chains) => chains.add(&release.policy_name, release.seq, envelope).map(Some),
            Self::Plane(client) => {
                let taken = client.release(&release.policy_name, envelope);
                taken.map(|_| None).map_err(|error| plane::failed(&error))
            }
        }
    }
}

pub(super) fn run(args: &Make, console: &mut Console) -> Result<Done, Failure> {
    let trust = evidence::trust(&args.trust)?;
    let chains = At::of(args)?;
    let (policy_name, policy_hash) = policy(args, &trust)?;
    let keys = args.key.iter().map(|file| key::read(file)).collect::<Result<Vec<Key>, _>>()?;
    let mut envelopes = chains.read(&policy_name)?;
    let known = Releases::verify(&envelopes, &trust).map_err(|error| refused(&error))?;
    if known.all().iter().any(|one| one.release.policy_name != policy_name) {
        return Err(refused(&wpc_evidence::statement::ReleaseError::Name));
    }
    may_come(known.all(), policy_hash, args.back)?;
    let release = next(args, known.head(), policy_name, policy_hash)?;
    let envelope = release.sign(&keys).map_err(|error| {
        Failure::environment("usage", format!("this makes no release: {error}"))
            .help("let it end after it begins")
            .cause(&error)
    })?;
    envelopes.push(envelope.clone());
    // As whoever takes it will.
    let all = Releases::verify(&envelopes, &trust).map_err(|error| refused(&error))?;
    let signed = Release::verify(&envelope, &trust).map_err(|error| refused(&error.into()))?;
    let file = chains.add(&release, &envelope)?;
    let Release { policy_name, seq, not_before, not_after, running, .. } = &release;
    let mut names: Vec<_> = signed.signers.into_iter().map(|signer| signer.principal).collect();
    names.sort_unstable();
    names.dedup();
    names.iter().for_each(|name| console.say(format!("signed by {}", plain(name))));
    match &file {
        Some(file) => console.say(format!("wrote {}", plain(&file.display().to_string()))),
        None => console.say("the control plane has it"),
    }
    console.say(format!(
        "release {seq} of {}: {policy_hash} from {} until {}, running jobs {}",
        plain(policy_name),
        instant_text(*not_before),
        instant_text(*not_after),
        running.word(),
    ));
    let mut answer = all.all().last().map(members).unwrap_or_default();
    if let Value::Object(answer) = &mut answer {
        answer.insert("file".to_owned(), json!(file.map(|file| file.display().to_string())));
        answer.insert("principals".to_owned(), json!(names));
    }
    Ok(Done::yes(answer))
}

/// Name and hash of the policy, which its authors must have signed.
fn policy(args: &Make, trust: &Trust) -> Result<(String, Hash), Failure> {
    let bytes = input::bytes(&args.artifact, "envelope", wpc::MAX_ENVELOPE_BYTES)?;
    let verified =
        Envelope::verify(&bytes, wpc::POLICY_TYPE, trust, Role::PolicyAuthor).map_err(|error| {
            Failure::no(error.code(), format!("not released: {error}"))
                .file(&args.artifact)
                .help("have the policy signed first: `wpc sign`")
                .cause(&error)
        })?;
    let policy = artifact::decode(&verified.payload, &args.artifact)?;
    Ok((policy.name, Hash::of(&verified.payload)))
}

/// A policy that was replaced comes back only if that is said.
fn may_come(known: &[Released], hash: Hash, back: bool) -> Result<(), Failure> {
    let is_newest = known.last().is_some_and(|last| last.release.policy_hash == hash);
    let was = known.iter().rfind(|one| one.release.policy_hash == hash);
    match was.filter(|_| !is_newest && !back) {
        None => Ok(()),
        Some(was) => {
            let seq = was.release.seq;
            let message = format!("not released: this policy was release {seq}, and was replaced since");
            Err(Failure::no("policy_rolled_back", message)
                .help("say `--back` if it is wanted back; it becomes current under the next number"))
        }
    }
}

fn next(
    args: &Make,
    head: Option<ReleaseHead>,
    policy_name: String,
    policy_hash: Hash,
) -> Result<Release, Failure> {
    let now_ms = now_ms()?;
    let not_before = args.not_before.map_or(now_ms, |when| when.from(now_ms));
    let not_after = args.not_after.map_or(not_before.saturating_add(YEAR_MS), |when| when.from(now_ms));
    Ok(Release {
        policy_name,
        seq: head.as_ref().map_or(1, |head| head.seq.saturating_add(1)),
        policy_hash,
        previous: head.map(|head| head.hash),
        not_before,
        not_after,
        running: args.running.into(),
    })
}
