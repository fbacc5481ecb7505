//! `wpc registry`: signed policies at a control plane.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;
use wpc_evidence::statement::{MAX_STATEMENT_ENVELOPE_BYTES, Release, Statement as _};
use wpc_model::Hash;

use crate::artifact::Artifact;
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::plane::{Plane, failed};
use crate::{evidence, input, output};
use wpc_viewer::plain;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
A policy lies under its hash and never changes. Which one is current is said by releases.

Example: wpc registry put orders.wpc.dsse.json --server http://127.0.0.1:7420 --key author.key")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Store a signed policy
    #[command(after_help = "\
Example: wpc registry put orders.wpc.dsse.json --server http://127.0.0.1:7420 --key author.key

JSON: `policy_hash_b64u`, `existed`")]
    Put {
        /// A signed policy
        #[arg(value_name = "ENVELOPE")]
        file: PathBuf,
        #[command(flatten)]
        plane: Plane,
    },
    /// Fetch a signed policy by its hash, and verify it
    #[command(after_help = "\
Example: wpc registry get HASH --trust trust.json --out orders.wpc.dsse.json \\
           --server http://127.0.0.1:7420 --key gate.key

JSON: `policy_hash_b64u`, `file`")]
    Get {
        /// The policy's hash
        #[arg(value_name = "HASH", value_parser = hash)]
        hash: Hash,
        /// Who is trusted for what
        #[arg(long, value_name = "FILE")]
        trust: PathBuf,
        /// Where to write it
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        #[command(flatten)]
        plane: Plane,
    },
    /// Hand in a signed release, which makes a stored policy the current one of its name
    #[command(after_help = "\
Example: wpc registry release orders.release.json --trust trust.json \\
           --server http://127.0.0.1:7420 --key releaser.key

JSON: `policy_name`, `seq`, `policy_hash_b64u`, `existed`")]
    Release {
        /// A signed release
        #[arg(value_name = "RELEASE")]
        file: PathBuf,
        /// Who is trusted for what
        #[arg(long, value_name = "FILE")]
        trust: PathBuf,
        #[command(flatten)]
        plane: Plane,
    },
    /// Show the current release of a policy, and how many there were
    #[command(after_help = "\
Example: wpc registry show asb-send-orders-staging --server http://127.0.0.1:7420 --key gate.key

JSON: `policy_name`, `head_seq`, `policy_hash_b64u`, `releases` [the signed statements]")]
    Show {
        /// The policy's name
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        plane: Plane,
    },
}

impl Args {
    /// The verb in full.
    pub(crate) fn name(&self) -> &'static str {
        match self.verb {
            Verb::Put { .. } => "registry put",
            Verb::Get { .. } => "registry get",
            Verb::Release { .. } => "registry release",
            Verb::Show { .. } => "registry show",
        }
    }
}

/// A hash on the command line.
pub(crate) fn hash(text: &str) -> Result<Hash, String> {
    Hash::from_text(text).ok_or_else(|| "a hash has 43 characters of base64url".to_owned())
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    match args.verb {
        Verb::Put { file, plane } => {
            let artifact = Artifact::read(&file)?;
            let bytes = input::bytes(&file, "signed policy", input::MAX_ARTIFACT_BYTES)?;
            let stored =
                plane.client()?.put_artifact(artifact.hash, &bytes).map_err(|error| failed(&error))?;
            let existed = stored.existed.unwrap_or_default();
            let said = if existed { "was there already" } else { "stored" };
            console.say(format!("{} {said}", stored.policy_hash_b64u));
            Ok(Done::yes(json!({ "policy_hash_b64u": stored.policy_hash_b64u, "existed": existed })))
        }
        Verb::Get { hash, trust, out, plane } => {
            let trust = evidence::trust(&trust)?;
            let bytes = plane.client()?.artifact(hash, &trust).map_err(|error| failed(&error))?;
            let mut batch = output::Batch::default();
            batch.stage(&out, &bytes)?;
            batch.commit()?;
            console.say(format!("wrote {}", plain(&out.display().to_string())));
            Ok(Done::yes(json!({ "policy_hash_b64u": hash.to_string(), "file": out.display().to_string() })))
        }
        Verb::Release { file, trust, plane } => release(&file, &trust, &plane, console),
        Verb::Show { name, plane } => {
            let chain = plane.client()?.chain(&name, 1).map_err(|error| failed(&error))?;
            let Some(chain) = chain else {
                let none = format!("no policy named `{}` was released", plain(&name));
                return Err(Failure::no("policy_unknown", none).help("release one: `wpc release`"));
            };
            console.say(format!("{} is at release {}", plain(&chain.policy_name), chain.head_seq));
            console.say(format!("policy {}", chain.policy_hash_b64u));
            Ok(Done::yes(json!({
                "policy_name": chain.policy_name,
                "head_seq": chain.head_seq,
                "policy_hash_b64u": chain.policy_hash_b64u,
                "releases": chain.releases,
            })))
        }
    }
}

fn release(file: &Path, trust: &Path, plane: &Plane, console: &mut Console) -> Result<Done, Failure> {
    let trust = evidence::trust(trust)?;
    let envelope = input::bytes(file, "release", MAX_STATEMENT_ENVELOPE_BYTES)?;
    let signed = Release::verify(&envelope, &trust).map_err(|error| {
        Failure::no(error.code(), format!("the release is refused: {error}"))
            .file(file)
            .help("have it signed by whom the trust file names as `releaser`")
            .cause(&error)
    })?;
    let released = plane.client()?.release(&signed.statement.policy_name, &envelope);
    let released = released.map_err(|error| failed(&error).file(file))?;
    let (name, seq) = (&released.policy_name, released.seq);
    console.say(format!("{} is at release {seq}, policy {}", plain(name), released.policy_hash_b64u));
    Ok(Done::yes(json!({
        "policy_name": name,
        "seq": seq,
        "policy_hash_b64u": released.policy_hash_b64u,
        "existed": released.existed,
    })))
}
