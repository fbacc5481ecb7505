//! What `wpc emit openclaw` and `wpc audit openclaw` are both told: which agents, and where the gates are.

use std::collections::BTreeMap;

use wpc_model::Policy;
use wpc_openclaw::{Gate, ModelGateway, Options, Reach};

use crate::failure::Failure;

#[derive(Debug, clap::Args)]
pub(crate) struct Called {
    /// Where a gate is; with the tool's name in front if the policy has several
    #[arg(long, value_name = "[TOOL=]URL")]
    url: Vec<String>,
    /// What the configuration calls the server; the tool's name if it is not said
    #[arg(long, value_name = "[TOOL=]NAME")]
    server: Vec<String>,
    /// An agent's id; those that the policy names if none is given, `main` if it names none
    #[arg(long, value_name = "ID")]
    agent: Vec<String>,
    /// Where model calls go
    #[arg(long, value_name = "URL", requires = "model")]
    model_gateway: Option<String>,
    /// The model, one that the policy allows
    #[arg(long, value_name = "PROVIDER/MODEL", requires = "model_gateway")]
    model: Option<String>,
    /// The protocol of the model's calls, as OpenClaw calls it
    #[arg(long, value_name = "API", requires = "model_gateway", default_value = "openai-completions")]
    model_api: String,
}

impl Called {
    /// The options of `policy`. `command` is launched in place of a URL, if it is not empty.
    pub(crate) fn options(&self, policy: &Policy, command: &[String]) -> Result<Options, Failure> {
        let mut gates: BTreeMap<String, Gate> = BTreeMap::new();
        let mut gate = |tool: &str, change: &dyn Fn(&mut Gate)| {
            change(gates.entry(tool.to_owned()).or_insert(Gate { server: None, reach: None }));
        };
        for text in &self.url {
            let (tool, url) = of_tool(policy, text, "--url")?;
            gate(tool, &|gate| gate.reach = Some(Reach::Url(url.to_owned())));
        }
        for text in &self.server {
            let (tool, name) = of_tool(policy, text, "--server")?;
            gate(tool, &|gate| gate.server = Some(name.to_owned()));
        }
        if let [command, args @ ..] = command {
            let (tool, _) = of_tool(policy, "", "-- COMMAND")?;
            let reach = Reach::Command { command: command.clone(), args: args.to_vec() };
            gate(tool, &|gate| gate.reach = Some(reach.clone()));
        }
        let models = self.model_gateway.as_ref().zip(self.model.as_ref());
        let models = models.map(|(url, model)| self.models(url, model)).transpose()?;
        Ok(Options { gates, agents: self.agent.clone(), models, plugin: None })
    }

    fn models(&self, url: &str, model: &str) -> Result<ModelGateway, Failure> {
        let (provider, model) = model
            .split_once('/')
            .filter(|(one, other)| !one.is_empty() && !other.is_empty())
            .ok_or_else(|| {
                Failure::environment("usage", "`--model` is no PROVIDER/MODEL")
                    .help("give one such as `openai/gpt-6`")
            })?;
        Ok(ModelGateway {
            url: url.to_owned(),
            provider: provider.to_owned(),
            model: model.to_owned(),
            api: self.model_api.clone(),
        })
    }
}

/// `TOOL=REST`, or the policy's one tool.
fn of_tool<'t>(policy: &'t Policy, text: &'t str, flag: &str) -> Result<(&'t str, &'t str), Failure> {
    if let Some((tool, rest)) = text.split_once('=')
        && let Some((tool, _)) = policy.tools.get_key_value(tool)
    {
        return Ok((tool, rest));
    }
    let mut tools = policy.tools.keys();
    match (tools.next(), tools.next()) {
        (Some(only), None) => Ok((only, text)),
        (None, _) => {
            Err(Failure::environment("usage", format!("`{flag}` is for a tool, and the policy has none"))
                .help("leave it out"))
        }
        (Some(_), Some(_)) => {
            Err(Failure::environment("usage", format!("the policy has several tools: `{flag}` of which?"))
                .help(format!("put one of them and `=` in front: {}", listed(policy))))
        }
    }
}

fn listed(policy: &Policy) -> String {
    policy.tools.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
