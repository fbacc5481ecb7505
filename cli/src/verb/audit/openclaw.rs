//! `wpc audit openclaw`: a configuration held to a policy.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use wpc_openclaw::{Audit, Compared, Config, Finding, MAX_CONFIG_BYTES, OPENCLAW_VERSION, Severity};

use crate::artifact::Artifact;
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::input;
use crate::openclaw::Called;
use wpc_viewer::plain;

/// Names that people are shown.
const SHOWN: usize = 10;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Finds every way in which OpenClaw's configuration lets an agent do more than the policy, and every
wall that is missing, with the setting and the fix. It works out which tools each agent's model would
be offered, as OpenClaw does, and compares them with the policy's; and it looks at each list, the
sandbox, the servers, the models and the plugins by themselves. Nothing is started or called.

  wider    an agent can do more than the policy: the answer is no
  weaker   a wall is missing or lower; the others hold
  note     worth knowing

The servers that stand for the gate are known by their names, those that `wpc emit openclaw` gives;
with `--url` also by where they are. What the policy says of a call's arguments is the gate's to hold.
No signature is checked. `wpc explain CODE` says more of a finding.

Example: wpc audit openclaw ~/.openclaw/openclaw.json --policy desk.wpc.json \\
           --url http://127.0.0.1:8128/mcp

JSON: `policy_hash_b64u`, `openclaw`, `wider`, `findings` [{`severity`, `code`, `place`, `found`,
`tools`, `fix`}], `agents` [{`id`, `named`, `allowed`, `offered`}]")]
pub(super) struct Openclaw {
    /// OpenClaw's configuration, JSON5; `-` is standard input
    #[arg(value_name = "CONFIG")]
    config: PathBuf,
    /// An artifact or an envelope
    #[arg(long, value_name = "ARTIFACT")]
    policy: PathBuf,
    #[command(flatten)]
    called: Called,
}

pub(super) fn run(args: &Openclaw, console: &mut Console) -> Result<Done, Failure> {
    input::once([&args.config, &args.policy])?;
    let artifact = Artifact::read(&args.policy)?;
    let options = args.called.options(&artifact.policy, &[])?;
    let bytes = input::bytes(&args.config, "configuration", MAX_CONFIG_BYTES)?;
    let config = Config::read(&bytes).map_err(|error| {
        Failure::no(error.code(), error.to_string())
            .file(&args.config)
            .help("correct it; `openclaw config validate` may say more")
            .cause(&error)
    })?;
    let audit = wpc_openclaw::audit(&config, &artifact.policy, &options, is_open(&args.config))
        .map_err(|error| Failure::no(error.code(), error.to_string()).help(error.help()))?;
    say(&audit, console);
    let members = json!({
        "policy_hash_b64u": artifact.hash.to_string(),
        "openclaw": OPENCLAW_VERSION,
        "wider": audit.is_wider(),
        "findings": audit.findings.iter().map(finding).collect::<Vec<_>>(),
        "agents": audit.agents.iter().map(agent).collect::<Vec<_>>(),
    });
    Ok(if audit.is_wider() { Done::no(members) } else { Done::yes(members) })
}

fn say(audit: &Audit, console: &mut Console) {
    for one in &audit.findings {
        let Finding { severity, trap, place, found, tools } = one;
        console.say(plain(&format!("{}[{}]: {}", severity.word(), trap.code(), trap.title())));
        console
            .say(plain(&format!("  at:   {}, {found}", if place.is_empty() { "the file" } else { place })));
        if !tools.is_empty() {
            console.say(plain(&format!("  that: {}", listed(tools))));
        }
        console.say(format!("  fix:  {}", trap.fix()));
    }
    for Compared { agent, named, offered, .. } in &audit.agents {
        let whose = if *named { "" } else { ", whom the policy does not name," };
        console.say(plain(&format!("{agent}{whose} is offered {}", listed(offered))));
    }
    let count = |severity| audit.findings.iter().filter(|finding| finding.severity == severity).count();
    let (weaker, notes) = (count(Severity::Weaker), count(Severity::Note));
    let verdict = match count(Severity::Wider) {
        0 => "not wider than the policy".to_owned(),
        wider => format!("wider than the policy, in {wider} findings"),
    };
    console.say(format!("{verdict}; {weaker} weaker, {notes} notes"));
}

/// The first names; programs are told all.
fn listed(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    match names.len().saturating_sub(SHOWN) {
        _ if names.is_empty() => "nothing".to_owned(),
        0 => shown.join(", "),
        more => format!("{}, and {more} more", shown.join(", ")),
    }
}

fn finding(one: &Finding) -> Value {
    json!({
        "severity": one.severity.word(),
        "code": one.trap.code(),
        "place": one.place,
        "found": one.found,
        "tools": one.tools,
        "fix": one.trap.fix(),
    })
}

fn agent(one: &Compared) -> Value {
    json!({ "id": one.agent, "named": one.named, "allowed": one.allowed, "offered": one.offered })
}

/// Whether others can read or change the file. Standard input has no mode.
fn is_open(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).map(|found| found.permissions().mode());
    !input::is_stdin(path) && mode.is_ok_and(|mode| mode & 0o077 != 0)
}
