//! `wpc emit json-schema`: the tools that a policy allows, as MCP offers them.

use std::path::PathBuf;

use serde_json::{Value, json};
use wpc_mcp::Catalogue;

use crate::artifact::Artifact;
use crate::console::{Console, Done};
use crate::failure::Failure;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Writes the tools that the policy allows as MCP offers them, each with a JSON Schema (draft 2020-12)
of its arguments, as narrow as the policy lets it be said. A schema may admit more than the policy,
never less: the gate decides. No signature is checked.

Example: wpc emit json-schema orders.wpc.json

JSON: `policy_hash_b64u`, `tools`")]
pub(crate) struct JsonSchema {
    /// An artifact or an envelope; `-` is standard input
    #[arg(value_name = "ARTIFACT")]
    artifact: PathBuf,
}

pub(super) fn run(args: &JsonSchema, console: &mut Console) -> Result<Done, Failure> {
    let artifact = Artifact::read(&args.artifact)?;
    let catalogue = Catalogue::of(&artifact.policy);
    let tools: Vec<Value> = catalogue
        .offers()
        .map(|offer| json!({ "name": offer.name, "inputSchema": offer.input_schema }))
        .collect();
    let shown = serde_json::to_string_pretty(&json!({ "tools": tools })).unwrap_or_default();
    console.write(format!("{shown}\n").as_bytes());
    Ok(Done::yes(json!({ "policy_hash_b64u": artifact.hash.to_string(), "tools": tools })))
}
