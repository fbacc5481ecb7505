//! `wpc emit openclaw`: a policy as OpenClaw's configuration.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use wpc_openclaw::{Emitted, OPENCLAW_VERSION, PLUGIN, PLUGIN_FILES};

use crate::artifact::Artifact;
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::input::reason;
use crate::openclaw::Called;
use crate::output::Batch;
use wpc_viewer::plain;

/// The patch's name.
const PATCH: &str = "openclaw.patch.json5";
/// The name by which OpenClaw looks for it in an agent's workspace.
const CONFORMANCE: &str = "policy.jsonc";

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Writes a patch for `openclaw config patch` and a `policy.jsonc` for OpenClaw's policy plugin: exactly
the tools that the policy allows, everything else denied, a sandbox, and the gate as the one MCP
server. The policy is written for the whole of an OpenClaw: run other agents in another one.

The gate is one that you run (`wpc-service-bus … --listen`, `wpc mcp … --listen`), so that the agent
cannot replace it. OpenClaw sends fixed headers, so the policy must say `token { bearer }`; it takes
token and grant from its environment:

  WPC_TOKEN=$(cat agent.token)
  WPC_GRANT=$(base64 -w0 agent.token.grant.json | tr '+/' '-_' | tr -d '=')

A gate that OpenClaw launches stops a manipulated model and no hostile process; what runs as its user
can go around it. Give it after `--`:

  wpc emit openclaw desk.wpc.json -- wpc-service-bus --policy … --token agent.token --key agent.key

With `--plugin DIR` the files of our plugin are written there and the configuration loads it: the
second wall, which asks the gate before OpenClaw makes a call and blocks what it refuses. Of a gate
that OpenClaw launches it cannot ask, and blocks what is not listed.

No signature is checked. See `wpc audit openclaw` for a configuration that is there already.

Example: wpc emit openclaw desk.wpc.json --url http://127.0.0.1:8128/mcp --out openclaw
         openclaw config patch --file openclaw/openclaw.patch.json5

JSON: `policy_hash_b64u`, `patch`, `conformance`, `agents` (each with its `tools`), `variables`,
`warnings`, `files`")]
pub(crate) struct Openclaw {
    /// An artifact or an envelope; `-` is standard input
    #[arg(value_name = "ARTIFACT")]
    artifact: PathBuf,
    #[command(flatten)]
    called: Called,
    /// Also load our plugin, and write it into this folder
    #[arg(long, value_name = "DIR", requires = "out")]
    plugin: Option<PathBuf>,
    /// Where to write; to standard output if it is not given
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// A gate that OpenClaw launches: the weaker choice
    #[arg(last = true, value_name = "COMMAND", conflicts_with = "url")]
    command: Vec<String>,
}

pub(super) fn run(args: &Openclaw, console: &mut Console) -> Result<Done, Failure> {
    let artifact = Artifact::read(&args.artifact)?;
    let mut options = args.called.options(&artifact.policy, &args.command)?;
    let plugin = args.plugin.as_deref().map(absolute).transpose()?;
    options.plugin = plugin.as_ref().map(|folder| folder.display().to_string());
    let emitted = wpc_openclaw::emit(&artifact.policy, &artifact.hash.to_string(), &options)
        .map_err(|error| Failure::no(error.code(), error.to_string()).help(error.help()))?;
    for warning in &emitted.warnings {
        console.warn(format!("warning: {warning}"));
    }
    let head = format!(
        "// The policy `{}` ({}) for OpenClaw {OPENCLAW_VERSION}, written by `wpc emit openclaw`.\n",
        plain(&artifact.policy.name),
        artifact.hash
    );
    let patch = format!("{head}{}\n", pretty(&emitted.patch));
    let conformance = format!("{head}{}\n", pretty(&emitted.conformance));
    let files = match &args.out {
        None => {
            console.write(format!("// {PATCH}\n{patch}\n// {CONFORMANCE}\n{conformance}").as_bytes());
            Vec::new()
        }
        Some(out) => {
            let mut files = vec![(out.join(PATCH), patch), (out.join(CONFORMANCE), conformance)];
            if let Some(folder) = &plugin {
                files.extend(PLUGIN_FILES.map(|(name, text)| (folder.join(name), text.to_owned())));
            }
            write(&files)?;
            said(&emitted, &files, args.plugin.is_some(), console);
            files.into_iter().map(|(path, _)| path.display().to_string()).collect()
        }
    };
    let Emitted { patch, conformance, agents, variables, warnings, .. } = emitted;
    let agents: Vec<Value> =
        agents.into_iter().map(|(id, tools)| json!({ "id": id, "tools": tools })).collect();
    Ok(Done::yes(json!({
        "policy_hash_b64u": artifact.hash.to_string(),
        "patch": patch,
        "conformance": conformance,
        "agents": agents,
        "variables": variables,
        "warnings": warnings,
        "files": files,
    })))
}

/// OpenClaw looks for the plugin from a folder of its own.
fn absolute(folder: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(folder).map_err(|error| {
        Failure::environment("file_unwritable", format!("cannot name the folder: {}", reason(&error)))
            .file(folder)
            .help("give the folder's whole path")
    })
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn write(files: &[(PathBuf, String)]) -> Result<(), Failure> {
    for folder in files.iter().filter_map(|(path, _)| path.parent()) {
        std::fs::create_dir_all(folder).map_err(|error| {
            Failure::environment("file_unwritable", format!("cannot make the folder: {}", reason(&error)))
                .file(folder)
                .help("check that you may write there")
                .cause(&error)
        })?;
    }
    let mut batch = Batch::default();
    for (path, text) in files {
        batch.stage(path, text.as_bytes())?;
    }
    batch.commit()
}

fn said(emitted: &Emitted, files: &[(PathBuf, String)], plugin: bool, console: &mut Console) {
    for (path, _) in files {
        console.say(format!("wrote {}", path.display()));
    }
    for (agent, tools) in &emitted.agents {
        let tools = if tools.is_empty() { "nothing".to_owned() } else { tools.join(", ") };
        console.say(plain(&format!("{agent} is offered {tools}")));
    }
    if !emitted.variables.is_empty() {
        console.say(format!("OpenClaw's environment must have {}", emitted.variables.join(", ")));
    }
    if plugin {
        console.say(format!("the plugin `{PLUGIN}` is loaded from its folder"));
    }
}
