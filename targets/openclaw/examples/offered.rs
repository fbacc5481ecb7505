//! Holds our layers of tool lists to OpenClaw's own: reads cases that `tests/interop/openclaw/layers.mjs` wrote, one a
//! line, and fails at the first on which the two differ.

use std::io::{self, BufRead as _, Write as _};
use std::process::ExitCode;

use serde_json::Value;
use wpc_openclaw::{Config, Tool, Turn, offered};

fn main() -> io::Result<ExitCode> {
    let (mut cases, mut offers) = (0_u64, 0_usize);
    for line in io::stdin().lock().lines() {
        let case: Value = serde_json::from_str(&line?).map_err(io::Error::other)?;
        let (ours, theirs) = both(&case).ok_or_else(|| io::Error::other("no case"))?;
        if ours != theirs {
            writeln!(io::stderr(), "ours {ours:?}\ntheirs {theirs:?}\n{case:#}")?;
            return Ok(ExitCode::FAILURE);
        }
        cases = cases.saturating_add(1);
        offers = offers.saturating_add(ours.len());
    }
    writeln!(io::stdout(), "   {cases} times the same, {offers} tools offered in all")?;
    Ok(if cases > 0 && offers > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What we offer and what OpenClaw does.
fn both(case: &Value) -> Option<(Vec<String>, Vec<String>)> {
    let text = |node: &Value, name: &str| node.get(name)?.as_str().map(str::to_owned);
    let config = Config::read(case.get("config")?.to_string().as_bytes()).ok()?;
    let known = case.get("tools")?.as_array()?.iter().map(|tool| {
        let name = text(tool, "name")?;
        Some(match text(tool, "pluginId") {
            None => Tool::core(&name),
            Some(plugin) => Tool::of_plugin(&name, &plugin),
        })
    });
    let known: Vec<Tool> = known.collect::<Option<_>>()?;
    let turn = case.get("turn")?;
    let agent = text(turn, "agent")?;
    let model = turn.get("model")?.as_array()?;
    let model = (model.first()?.as_str()?, model.get(1)?.as_str()?);
    let sandboxed = turn.get("sandboxed")?.as_bool()?;
    let turn = Turn { agent: &agent, sandboxed, model: Some(model), profile: None };
    let mut ours: Vec<String> = offered(&config, turn, &known).iter().map(ToString::to_string).collect();
    ours.sort_unstable();
    let theirs = case.get("offered")?.as_array()?.iter().map(|name| Some(name.as_str()?.to_owned()));
    Some((ours, theirs.collect::<Option<_>>()?))
}
