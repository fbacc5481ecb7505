//! OpenClaw's configuration: what cannot be written, and what cannot be read. What an audit finds has its pages
//! in `wpc_openclaw`.

use std::sync::LazyLock;

use wpc_openclaw::Trap;

use super::Page;

pages! {
    tool_not_allowed "a call that OpenClaw was not to make"
        "Our plugin blocked it: the policy does not name this tool or this agent, whatever OpenClaw's lists say. The agent's \
         gate is asked, so that its ledger has the attempt. Nobody is asked for an agent that the policy does not name or \
         allows nothing, nor where OpenClaw launches every gate or a bridge to it: then the block says that it is not \
         recorded, and no ledger has it."
        "Hold the configuration to the policy with `wpc audit openclaw`."
    gate_unavailable "nobody decides a call"
        "Our plugin asked the gate about a call and has no answer that it can read: the gate does not run, does not know \
         the token, or is not what the configuration names. Then every call is blocked."
        "See whether the gate runs, what it logs, and whether OpenClaw's environment has its token and grant."
    agent_not_admitted "an agent for whom the policy is not"
        "The policy names its agents, and this is none of them."
        "Name the agent in the policy's `agents`, or another one with `--agent`."
    model_not_allowed "a model that the policy does not allow"
        "The policy's `models` (or those of a policy that it extends) do not have it, or the policy has none: then no model \
         may be called through a gateway."
        "Allow it in the policy, or give another one with `--model`."
    openclaw_agent "no id of an agent"
        "OpenClaw's agents are called by small letters, digits, `-` and `_`, at most 64. A policy may call them otherwise, \
         by their keys."
        "Name them with `--agent`."
    openclaw_launched "one gate for several agents"
        "A gate that OpenClaw launches works under one token, which is one agent's and one job's."
        "Run the gate yourself and give `--url`, or emit for one `--agent`."
    openclaw_names "a name that OpenClaw would change"
        "OpenClaw cuts the names of servers and tools, replaces characters, and numbers those that are the same then; and \
         its filters read `*` as a pattern. Lists of such names would not say what they seem to."
        "Give the server another name with `--server`, a short one if names are cut at 64."
    openclaw_no_gate "nobody says where the gate is"
        "A configuration needs the URL of the gate of each of the policy's tools, or the command that starts it."
        "Give `--url URL`, `--url TOOL=URL` for several, or a command after `--`."
    openclaw_proof "OpenClaw cannot prove a key"
        "The policy demands a proof by the agent's key with each request. OpenClaw sends the same headers each time."
        "Say `token { bearer }` in the policy, or let OpenClaw launch the gate, which then proves the key itself."
    openclaw_unreadable "no configuration that can be judged"
        "It is not JSON5, it is nested too deeply, or a member stands in it twice, of which readers take one or the other."
        "Correct it; `openclaw config validate` may say more."
    openclaw_url "a URL that is not taken"
        "It is no URL over HTTP, has a user in it, or would carry a token in clear to another machine."
        "Give https, or http to this machine."
}

/// What an audit finds.
pub(super) static TRAPS: LazyLock<Vec<Page>> = LazyLock::new(|| {
    let page =
        |trap: &Trap| Page { code: trap.code(), title: trap.title(), what: trap.what(), fix: trap.fix() };
    Trap::ALL.iter().map(page).collect()
});
