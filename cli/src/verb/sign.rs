//! `wpc sign`: a person answers for an artifact.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use wpc::Key;
use wpc_model::Hash;

use super::key;
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::{artifact, input, output};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Writes NAME.wpc.dsse.json, a DSSE envelope, beside the artifact. Signatures of others on the same
artifact stay in it, so that each signer of a policy that needs several signs where their key is.
Read what you sign first: `wpc show ARTIFACT`.

Example: wpc sign build/orders.wpc.json --key author.key

JSON: `envelope`, `policy_name`, `policy_hash_b64u`, `signers` [did]")]
pub(crate) struct Args {
    /// A payload that `wpc compile` wrote
    #[arg(value_name = "ARTIFACT")]
    artifact: PathBuf,
    /// The signer's key file
    #[arg(long, value_name = "FILE", required = true)]
    key: Vec<PathBuf>,
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    if input::is_stdin(&args.artifact) {
        return Err(Failure::environment("usage", "`wpc sign` names the envelope after the artifact")
            .help("give the path of a `.wpc.json` file"));
    }
    let mut keys: Vec<Key> = Vec::new();
    for file in &args.key {
        let key = key::read(file)?;
        if keys.iter().any(|other| other.did() == key.did()) {
            return Err(Failure::environment("usage", "this key is given twice")
                .file(file)
                .help("give each signer's key once"));
        }
        keys.push(key);
    }
    if keys.len() > wpc::MAX_SIGNATURES {
        return Err(Failure::environment(
            "usage",
            format!("an envelope has at most {} signatures", wpc::MAX_SIGNATURES),
        )
        .help("sign with fewer keys"));
    }
    let payload = input::bytes(&args.artifact, "artifact", wpc_model::MAX_ARTIFACT_BYTES)?;
    let policy = artifact::decode(&payload, &args.artifact)?;
    let envelope = artifact::envelope_path(&args.artifact);
    let signed = match signed_before(&envelope)? {
        // What holds another artifact is out of date, and is replaced.
        Some(before) => wpc::cosign(&before, wpc::POLICY_TYPE, &payload, &keys),
        None => None,
    };
    let signed = signed.unwrap_or_else(|| wpc::sign(wpc::POLICY_TYPE, &payload, &keys));
    output::replace(&envelope, &signed)?;
    let signers: Vec<_> = keys.iter().map(|key| key.did().to_string()).collect();
    let hash = Hash::of(&payload).to_string();
    console.say(format!("wrote {}", envelope.display()));
    signers.iter().for_each(|signer| console.say(format!("signed by {signer}")));
    console.say(format!("{} {hash}", policy.name));
    Ok(Done::yes(json!({
        "envelope": envelope.display().to_string(),
        "policy_name": policy.name,
        "policy_hash_b64u": hash,
        "signers": signers,
    })))
}

/// The envelope that stands there already, if one does.
fn signed_before(envelope: &Path) -> Result<Option<Vec<u8>>, Failure> {
    if fs::symlink_metadata(envelope).is_err() {
        return Ok(None);
    }
    input::bytes(envelope, "envelope", wpc::MAX_ENVELOPE_BYTES).map(Some)
}
