//! `wpc verify`: does an envelope hold, and who answers for it.

use std::path::PathBuf;

use serde_json::json;
use wpc::{Envelope, Role, SignatureError, Trust};
use wpc_model::Hash;

use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::{artifact, input};
use wpc_viewer::plain;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The trust file names principals, their keys and their roles; a signature counts in the role
`policy_author` only, and thresholds count principals:

  {\"v\":1,\"principals\":[{\"name\":\"alice\",\"keys\":[\"did:key:z6Mk…\"],\"roles\":[\"policy_author\"]}]}

There is no default: give the file of your deployment, never one beside the policy.

Example: wpc verify orders.wpc.dsse.json --trust /etc/wpc/trust.json

JSON: `policy_name`, `policy_hash_b64u`, `principals` [name]")]
pub(crate) struct Args {
    /// An envelope; `-` is standard input
    #[arg(value_name = "ARTIFACT")]
    artifact: PathBuf,
    /// Who is trusted for what
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    input::once([&args.artifact, &args.trust])?;
    let trust = input::bytes(&args.trust, "trust file", wpc::MAX_TRUST_BYTES)?;
    let trust = Trust::parse(&trust).map_err(|error| {
        Failure::environment(error.code(), format!("the trust file cannot be used: {error}"))
            .file(&args.trust)
            .help("correct the trust file")
            .cause(&error)
    })?;
    let bytes = input::bytes(&args.artifact, "envelope", wpc::MAX_ENVELOPE_BYTES)?;
    let verified =
        Envelope::verify(&bytes, wpc::POLICY_TYPE, &trust, Role::PolicyAuthor).map_err(|error| {
            Failure::no(error.code(), format!("not verified: {error}"))
                .file(&args.artifact)
                .help(advice(error))
                .cause(&error)
        })?;
    let policy = artifact::decode(&verified.payload, &args.artifact)?;
    let hash = Hash::of(&verified.payload).to_string();
    verified.signers.iter().for_each(|name| console.say(format!("signed by {}", plain(name))));
    console.say(format!("verified {} {hash}", plain(&policy.name)));
    Ok(Done::yes(json!({
        "policy_name": policy.name,
        "policy_hash_b64u": hash,
        "principals": verified.signers,
    })))
}

fn advice(error: SignatureError) -> &'static str {
    match error {
        SignatureError::Untrusted => "let a principal of the trust file sign it, or use another trust file",
        SignatureError::Role => "let a principal with the role `policy_author` sign it",
        SignatureError::Threshold { .. } => "let more principals sign it: `wpc sign` takes several keys",
        SignatureError::PayloadType => "give an envelope that holds a policy",
        SignatureError::TooLarge
        | SignatureError::Malformed
        | SignatureError::Base64
        | SignatureError::Invalid
        | _ => "sign the artifact again with `wpc sign`",
    }
}
