//! A policy, what is emitted of it, and configurations that it is applied to.

use serde_json::{Map, Value as Json, json};
use wpc_model::Policy;
use wpc_openclaw::{Audit, Config, Emitted, Gate, ModelGateway, Options, Reach};

/// Where the gates are.
pub(crate) const GATE: &str = "http://127.0.0.1:8128/mcp";
/// Where they are asked.
pub(crate) const ASK: &str = "http://127.0.0.1:8128/ask";
/// Where model calls go.
pub(crate) const MODELS: &str = "http://127.0.0.1:8129/v1";

pub(crate) fn compiled(text: &str) -> Policy {
    let source = wpc_compiler::Source::new("policy.wpc", text);
    match wpc_compiler::compile(&source, &wpc_compiler::Parameters::new()) {
        Ok(compiled) => compiled.policy,
        Err(problems) => {
            panic!("{}", wpc_compiler::render_all(&problems, &source, wpc_compiler::Colour::Plain))
        }
    }
}

/// A policy with all that a configuration is written from.
pub(crate) fn desk() -> Policy {
    compiled(
        r#"use azure_service_bus
policy desk {
    tool azure_service_bus at namespace("contoso.servicebus.windows.net") {
        allow send to queue("orders") when { message_bytes <= 64 KiB }
        allow peek from queue("orders") when { messages <= 10 }
    }
    agents { allow "billing" }
    models { allow "openai/gpt-6" }
    sandbox { required; network none; filesystem none; elevated denied }
    token { lifetime 15 min; pin policy; bind job; bearer }
}
"#,
    )
}

/// Every tool's gate at one URL, for these agents.
pub(crate) fn options(policy: &Policy, agents: &[&str]) -> Options {
    let gate = Gate { server: None, reach: Some(Reach::Url(GATE.to_owned())) };
    Options {
        gates: policy.tools.keys().map(|tool| (tool.clone(), gate.clone())).collect(),
        agents: agents.iter().map(|agent| (*agent).to_owned()).collect(),
        models: None,
        plugin: None,
    }
}

/// With a gateway for the models.
pub(crate) fn with_models(mut options: Options) -> Options {
    options.models = Some(ModelGateway {
        url: MODELS.to_owned(),
        provider: "openai".to_owned(),
        model: "gpt-6".to_owned(),
        api: "openai-completions".to_owned(),
    });
    options
}

pub(crate) fn emitted(policy: &Policy, options: &Options) -> Emitted {
    wpc_openclaw::emit(policy, "HASH", options).unwrap()
}

/// As `openclaw config patch`: objects merge, arrays replace, `null` takes away.
pub(crate) fn applied(base: Json, patch: &Json) -> Json {
    let Json::Object(patch) = patch else { return patch.clone() };
    let mut merged = if let Json::Object(base) = base { base } else { Map::new() };
    for (name, change) in patch {
        let before = merged.remove(name).unwrap_or_default();
        if !change.is_null() {
            merged.insert(name.clone(), applied(before, change));
        }
    }
    Json::Object(merged)
}

/// What OpenClaw would have after the patch.
pub(crate) fn config(policy: &Policy, options: &Options) -> Json {
    applied(json!({}), &emitted(policy, options).patch)
}

pub(crate) fn read(config: &Json) -> Config {
    Config::read(config.to_string().as_bytes()).unwrap()
}

pub(crate) fn audited(config: &Json, policy: &Policy, options: &Options) -> Audit {
    wpc_openclaw::audit(&read(config), policy, options, false).unwrap()
}

/// The findings that are more than notes, for messages of tests.
pub(crate) fn found(audit: &Audit) -> Vec<String> {
    audit
        .findings
        .iter()
        .map(|one| format!("{} {} {}: {}", one.severity.word(), one.trap.code(), one.place, one.found))
        .collect()
}

/// How many cases a property is tried with; `WPC_CASES` says otherwise.
pub(crate) fn cases(default: u32) -> u32 {
    std::env::var("WPC_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(default)
}
