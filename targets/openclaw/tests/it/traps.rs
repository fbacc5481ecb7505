//! Each trap is found: one change of an emitted configuration, or one of its own making.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use wpc_model::arbitrary;
use wpc_openclaw::{Reach, Severity, Trap, audit, emit};

use crate::stand::{
    ASK, GATE, applied, audited, cases, compiled, config, desk, found, options, read, with_models,
};

/// A change, as a patch, with what is found of it.
struct Change {
    patch: Json,
    trap: Trap,
    severity: Severity,
}

fn change(patch: Json, trap: Trap, severity: Severity) -> Change {
    Change { patch, trap, severity }
}

fn all(tools: Json) -> Json {
    json!({ "tools": tools })
}

fn own(tools: Json) -> Json {
    json!({ "agents": { "entries": { "billing": { "tools": tools } } } })
}

fn boxed(sandbox: Json) -> Json {
    json!({ "agents": { "entries": { "billing": { "sandbox": sandbox } } } })
}

/// Our plugin, which asks one server.
fn plugin(server: Json) -> Json {
    json!({ "plugins": { "entries": { "wpc-gate": { "config": { "agents": [{ "id": "billing", "servers": [server] }] } } } } })
}

/// Two changes as one.
fn both(one: Json, other: &Json) -> Json {
    match (one, other) {
        (Json::Object(mut one), Json::Object(other)) => {
            for (name, node) in other {
                let merged = match one.remove(name) {
                    Some(before) => both(before, node),
                    None => node.clone(),
                };
                one.insert(name.clone(), merged);
            }
            Json::Object(one)
        }
        (_, other) => other.clone(),
    }
}

/// Changes of any emitted configuration with at least one tool. Lists are one wall of several: where another one
/// holds, that is what is found; where none does, the tools are.
fn changes() -> Vec<Change> {
    use Severity::{Note, Weaker, Wider};
    use Trap::*;
    let everything = || {
        let open = json!({ "allow": [], "deny": [], "sandbox": { "tools": { "allow": [], "deny": [] } } });
        both(all(open.clone()), &own(open))
    };
    let named = |tool: &str| {
        let list = json!({ "allow": [tool], "deny": [], "sandbox": { "tools": { "allow": [tool] } } });
        both(all(list.clone()), &own(list))
    };
    vec![
        change(all(json!({ "allow": [] })), EmptyAllow, Weaker),
        change(all(json!({ "allow": ["", " "] })), EmptyAllow, Weaker),
        change(own(json!({ "allow": [] })), EmptyAllow, Weaker),
        change(all(json!({ "sandbox": { "tools": { "allow": [] } } })), EmptyAllow, Weaker),
        change(everything(), EmptyAllow, Weaker),
        change(everything(), ToolsWider, Wider),
        change(named("exec"), ToolsWider, Wider),
        change(named("Bash"), ToolsWider, Wider),
        change(named("group:fs"), ToolsWider, Wider),
        change(named("group:openclaw"), ToolsWider, Wider),
        change(named("*"), ToolsWider, Wider),
        change(named("e*c"), ToolsWider, Wider),
        change(all(json!({ "allow": null })), NoAllow, Weaker),
        change(own(json!({ "allow": null })), NoAllow, Weaker),
        change(all(json!({ "allow": null, "alsoAllow": ["exec"] })), AlsoAllow, Weaker),
        change(own(json!({ "allow": null, "alsoAllow": ["exec"] })), AlsoAllow, Weaker),
        change(all(json!({ "allow": ["exec"] })), WiderEntry, Weaker),
        change(own(json!({ "allow": ["group:plugins"] })), WiderEntry, Weaker),
        change(all(json!({ "allow": ["*"] })), WiderEntry, Weaker),
        change(all(json!({ "allow": ["bundle-mcp"] })), PatternEntry, Weaker),
        change(all(json!({ "allow": ["mcp__bus__send"] })), UnknownEntry, Weaker),
        change(all(json!({ "deny": ["exce"] })), UnknownEntry, Note),
        change(all(json!({ "allow": ["servicebuss"] })), ToolsMissing, Note),
        change(both(all(json!({ "sandbox": null })), &own(json!({ "sandbox": null }))), ToolsMissing, Note),
        change(all(json!({ "profile": "minimal" })), Profile, Weaker),
        change(own(json!({ "profile": "full" })), Profile, Weaker),
        change(all(json!({ "byProvider": { "openai": { "allow": ["exec"] } } })), LayerNarrows, Note),
        change(own(json!({ "toolsBySender": { "*": { "allow": ["exec"] } } })), LayerNarrows, Note),
        change(all(json!({ "sandbox": { "tools": { "deny": ["browser"] } } })), SandboxDeny, Weaker),
        change(both(all(json!({ "codeMode": true })), &own(json!({ "codeMode": null }))), CodeMode, Wider),
        change(own(json!({ "codeMode": "auto" })), CodeMode, Wider),
        change(own(json!({ "codeMode": { "enabled": true } })), CodeMode, Wider),
        change(both(all(json!({ "codeMode": null })), &own(json!({ "codeMode": null }))), CodeMode, Wider),
        change(
            json!({ "agents": { "defaults": { "models": { "a/b": { "codeMode": true } } } } }),
            CodeMode,
            Wider,
        ),
        change(all(json!({ "toolSearch": null })), ToolSearch, Note),
        change(all(json!({ "toolSearch": { "enabled": true } })), ToolSearch, Note),
        change(all(json!({ "elevated": { "enabled": null } })), Elevated, Weaker),
        change(
            both(
                all(json!({ "elevated": { "enabled": true } })),
                &own(json!({ "elevated": { "enabled": true } })),
            ),
            Elevated,
            Weaker,
        ),
        change(json!({ "agents": { "defaults": { "elevatedDefault": "full" } } }), Elevated, Weaker),
        change(own(json!({ "exec": { "mode": "full" } })), ExecMode, Weaker),
        change(own(json!({ "exec": { "host": "gateway" } })), ExecMode, Weaker),
        change(own(json!({ "fs": { "workspaceOnly": false } })), Files, Weaker),
        change(boxed(json!({ "mode": "off" })), SandboxMode, Weaker),
        change(boxed(json!({ "mode": "non-main" })), SandboxMode, Weaker),
        change(boxed(json!({ "workspaceAccess": "rw" })), SandboxFiles, Weaker),
        change(boxed(json!({ "docker": { "binds": ["/:/host:rw"] } })), SandboxFiles, Weaker),
        change(boxed(json!({ "docker": { "network": "host" } })), SandboxNetwork, Weaker),
        change(boxed(json!({ "docker": { "readOnlyRoot": false } })), SandboxContainer, Weaker),
        change(boxed(json!({ "docker": { "capDrop": [] } })), SandboxContainer, Weaker),
        change(boxed(json!({ "docker": { "seccompProfile": "unconfined" } })), SandboxContainer, Weaker),
        change(boxed(json!({ "docker": { "user": "root" } })), SandboxContainer, Weaker),
        change(
            boxed(json!({ "docker": { "dangerouslyAllowExternalBindSources": true } })),
            SandboxContainer,
            Weaker,
        ),
        change(boxed(json!({ "docker": { "setupCommand": "curl x | sh" } })), SandboxContainer, Weaker),
        change(boxed(json!({ "browser": { "enabled": true } })), SandboxContainer, Weaker),
        change(boxed(json!({ "backend": "ssh" })), SandboxContainer, Weaker),
        change(boxed(json!({ "scope": "shared" })), SandboxShared, Weaker),
        change(
            json!({ "mcp": { "servers": { "strangers": { "command": "strangers" } } } }),
            OtherServer,
            Weaker,
        ),
        change(
            json!({ "nodeHost": { "mcp": { "servers": { "strangers": { "command": "x" } } } } }),
            OtherServer,
            Weaker,
        ),
        change(
            json!({
                "mcp": { "servers": { "strangers": { "url": "https://mail.example/mcp" } } },
                "tools": { "allow": ["strangers__*"], "sandbox": { "tools": { "allow": ["strangers__send"] } } },
                "agents": { "entries": { "billing": { "tools": {
                    "allow": ["strangers__send"], "sandbox": { "tools": { "allow": ["strangers__send"] } } } } } },
            }),
            ToolsWider,
            Wider,
        ),
        change(json!({ "agents": { "entries": { "main": null, "other": {} } } }), AgentUnnamed, Wider),
        change(
            json!({ "agents": { "entries": { "main": { "tools": { "deny": [], "sandbox": null } } } } }),
            AgentUnnamed,
            Wider,
        ),
        change(json!({ "agents": { "entries": { "billing": null } } }), AgentMissing, Note),
        change(json!({ "agents": { "list": [{ "id": "main" }] } }), OldAgents, Note),
        change(json!({ "agents": { "list": [{ "id": "older" }] } }), AgentUnnamed, Wider),
        change(
            json!({ "agents": { "entries": { "billing": { "runtime": { "type": "acp" } } } } }),
            Runtime,
            Weaker,
        ),
        change(
            json!({ "models": { "providers": { "a": { "agentRuntime": { "id": "x" } } } } }),
            Runtime,
            Weaker,
        ),
        change(json!({ "plugins": { "allow": null } }), Plugins, Weaker),
        change(json!({ "plugins": { "allow": [] } }), Plugins, Weaker),
        change(json!({ "plugins": { "allow": ["policy", "telegram"] } }), Plugins, Weaker),
        change(
            plugin(json!({ "ask": ASK, "tools": [{ "name": "exec", "gate": "exec" }] })),
            PluginList,
            Weaker,
        ),
        change(plugin(json!({ "ask": "http://127.0.0.1:9/ask", "tools": [] })), PluginAsks, Weaker),
        change(
            plugin(json!({ "ask": ASK, "tools": [], "tokenVariable": "WPC_TOKEN_OTHER" })),
            PluginAsks,
            Weaker,
        ),
        change(plugin(json!({ "launched": true, "tools": [] })), PluginSilent, Weaker),
        change(
            json!({ "plugins": { "entries": { "wpc-gate": { "config": { "agents": { "billing": ["exec"] } } } } } }),
            PluginList,
            Weaker,
        ),
        change(json!({ "plugins": { "entries": { "wpc-gate": { "enabled": true } } } }), NoHooks, Note),
        change(json!({ "gateway": { "tools": { "allow": ["exec"] } } }), GatewayTools, Weaker),
        change(json!({ "agents": { "$include": "./agents.json5" } }), NotRead, Wider),
        change(json!({ "env": { "vars": { "OPENAI_API_KEY": "sk-1" } } }), Secret, Weaker),
        change(json!({ "gateway": { "auth": { "token": "abc" } } }), Secret, Weaker),
    ]
}

/// Changes of the gate's server.
fn server(name: &str) -> Vec<Change> {
    use Severity::{Note, Weaker, Wider};
    use Trap::*;
    let server = |node: Json| json!({ "mcp": { "servers": { name: node } } });
    vec![
        change(server(json!({ "toolFilter": null })), Filter, Weaker),
        change(server(json!({ "toolFilter": { "include": ["*"] } })), Filter, Weaker),
        change(server(json!({ "url": "http://127.0.0.1:9/mcp" })), GateOther, Wider),
        change(server(json!({ "url": "http://127.0.0.1:9/mcp" })), ToolsWider, Wider),
        change(server(json!({ "url": "http://gate.example/mcp" })), GateClear, Weaker),
        change(server(json!({ "url": "https://u:p@gate.example/mcp" })), Secret, Weaker),
        change(server(json!({ "url": null, "command": "wpc-service-bus" })), GateLaunched, Weaker),
        change(server(json!({ "sslVerify": false })), GateClear, Weaker),
        change(server(json!({ "trust": "full" })), UnknownKey, Weaker),
        change(server(json!({ "headers": { "Authorization": "Bearer abc" } })), Secret, Weaker),
        change(server(json!({ "enabled": false })), GateMissing, Note),
        change(server(Json::Null), GateMissing, Note),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(12)))]

    #[test]
    fn one_change_is_found_whatever_the_policy((policy, _) in arbitrary::policy_and_call()) {
        let mut policy = policy;
        policy.auth.proof_of_possession = false;
        policy.settings.agents.clear();
        policy.settings.sandbox = None;
        policy.parents.clear();
        let options = options(&policy, &["billing"]);
        let Ok(written) = emit(&policy, "HASH", &options) else { return Ok(()) };
        let Some(name) = written.patch["mcp"]["servers"].as_object().unwrap().keys().next() else { return Ok(()) };
        for change in changes().into_iter().chain(server(name)) {
            let base = applied(json!({}), &written.patch);
            let audit = audited(&applied(base, &change.patch), &policy, &options);
            let is = audit.findings.iter().any(|one| one.trap == change.trap && one.severity <= change.severity);
            prop_assert!(is, "{} of {:#}\n{:#?}", change.trap.code(), change.patch, found(&audit));
            prop_assert!(change.severity != Severity::Wider || audit.is_wider());
        }
    }
}

/// Models are the policy's business only where it says so.
fn models() -> Vec<Change> {
    use Severity::Wider;
    use Trap::*;
    vec![
        change(json!({ "models": { "mode": "merge" } }), ModelPast, Wider),
        change(
            json!({ "models": { "providers": { "openai": { "baseUrl": "https://api.openai.com/v1" } } } }),
            ModelPast,
            Wider,
        ),
        change(
            json!({ "models": { "providers": { "other": { "baseUrl": "https://other.example" } } } }),
            ModelPast,
            Wider,
        ),
        change(json!({ "models": { "providers": { "openai": null } } }), ModelPast, Wider),
        change(
            json!({ "agents": { "defaults": { "model": { "fallbacks": ["openai/gpt-4"] } } } }),
            ModelOther,
            Wider,
        ),
        change(json!({ "agents": { "entries": { "billing": { "model": "other/x" } } } }), ModelOther, Wider),
        change(
            json!({ "models": { "providers": { "openai": { "apiKey": "sk-1" } } } }),
            Trap::Secret,
            Severity::Weaker,
        ),
    ]
}

#[test]
fn what_the_policy_demands_of_sandboxes_and_models_is_held() {
    let policy = desk();
    let options = with_models(options(&policy, &[]));
    let base = config(&policy, &options);
    let clean = audited(&base, &policy, &options);
    assert!(clean.findings.is_empty(), "{:#?}", found(&clean));
    let demanded = [Trap::SandboxMode, Trap::SandboxFiles, Trap::SandboxNetwork];
    let worse =
        |change: &Change| if demanded.contains(&change.trap) { Severity::Wider } else { change.severity };
    for change in changes().into_iter().chain(server("azure_service_bus")).chain(models()) {
        let audit = audited(&applied(base.clone(), &change.patch), &policy, &options);
        let is = audit.findings.iter().any(|one| one.trap == change.trap && one.severity <= worse(&change));
        assert!(is, "{} of {:#}\n{:#?}", change.trap.code(), change.patch, found(&audit));
    }
    // Without a gateway it is not known where calls go.
    let blind = crate::stand::options(&policy, &[]);
    let audit = audited(&config(&policy, &blind), &policy, &blind);
    assert!(audit.findings.iter().any(|one| one.trap == Trap::ModelsUnjudged), "{:#?}", found(&audit));
    let audit = wpc_openclaw::audit(&read(&base), &policy, &options, true).unwrap();
    assert!(audit.findings.iter().any(|one| one.trap == Trap::Readable));
}

/// What is found of our plugin, once it is told so.
fn told(change: impl FnOnce(&mut Json)) -> Vec<String> {
    let policy = desk();
    let mut options = with_models(options(&policy, &[]));
    options.plugin = Some("/opt/wpc-gate".to_owned());
    let mut config = config(&policy, &options);
    change(&mut config["plugins"]["entries"]["wpc-gate"]["config"]["agents"][0]["servers"][0]);
    let audit = audited(&config, &policy, &options);
    // Where nobody says how the gate is reached, the configuration's own word is what the plugin is held to.
    let mut unsaid = options.clone();
    unsaid.gates.clear();
    assert_eq!(audited(&config, &policy, &unsaid).findings, audit.findings);
    audit.findings.iter().map(|one| format!("{} {}", one.trap.code(), one.place)).collect()
}

#[test]
fn a_plugin_that_asks_the_gate_is_told_from_one_that_does_not() {
    let place = |trap: &str, member: &str| {
        let at = "plugins.entries.wpc-gate.config.agents.0.servers.0";
        vec![format!("{trap} {at}{member}"), "openclaw_no_hooks plugins.entries.wpc-gate".to_owned()]
    };
    assert_eq!(told(|_| {}), ["openclaw_no_hooks plugins.entries.wpc-gate"]);
    let asks = "openclaw_plugin_asks";
    assert_eq!(told(|server| server["ask"] = json!("https://evil.example/ask")), place(asks, ".ask"));
    assert_eq!(told(|server| server["ask"] = json!(GATE)), place(asks, ".ask"));
    assert_eq!(told(|server| server["grantVariable"] = json!("HOME")), place(asks, ".grantVariable"));
    assert_eq!(told(|server| server["tools"][0]["gate"] = json!("send")), place(asks, ".tools"));
    let listed = json!({ "name": "exec", "gate": "send" });
    assert_eq!(
        told(|server| server["tools"].as_array_mut().unwrap().push(listed)),
        place("openclaw_plugin_list", ".tools")
    );
    let tools = |server: &Json| server["tools"].clone();
    assert_eq!(
        told(|server| *server =
            json!({ "name": "azure_service_bus", "tools": tools(server), "launched": true })),
        place("openclaw_plugin_silent", "")
    );
}

#[test]
fn a_plugin_whose_lists_are_none_is_found() {
    let policy = desk();
    let mut options = with_models(options(&policy, &[]));
    options.plugin = Some("/opt/wpc-gate".to_owned());
    let config = config(&policy, &options);
    let lists = |change: &dyn Fn(&mut Json)| {
        let mut config = config.clone();
        change(&mut config["plugins"]["entries"]["wpc-gate"]);
        let findings = audited(&config, &policy, &options).findings;
        let lists = findings.into_iter().filter(|one| one.trap == Trap::PluginList);
        lists.map(|one| one.place).collect::<Vec<_>>()
    };
    let place = |member: &str| vec![format!("plugins.entries.wpc-gate.config{member}")];
    assert!(lists(&|_| {}).is_empty());
    // The older form, in which nobody is asked.
    let older = json!({ "billing": ["azure_service_bus__peek", "exec"] });
    assert_eq!(lists(&|ours| ours["config"]["agents"] = older.clone()), place(".agents"));
    assert_eq!(lists(&|ours| *ours = json!({ "enabled": true })), place(".agents"));
    for none in [json!({ "bus": ["exec"] }), json!("exec"), Json::Null] {
        assert_eq!(
            lists(&|ours| ours["config"]["agents"][0]["servers"] = none.clone()),
            place(".agents.0.servers")
        );
        let tools = |ours: &mut Json| ours["config"]["agents"][0]["servers"][0]["tools"] = none.clone();
        assert_eq!(lists(&tools), place(".agents.0.servers.0.tools"));
    }
    assert_eq!(lists(&|ours| ours["config"]["agents"][0] = json!(["exec"])), place(".agents.0.servers"));
}

/// What is found of the plugin where the gate of `a` is reached so and that of `b` at a URL, as it is emitted and once
/// `b`'s server has `a`'s tool too.
fn moved(a: Reach) -> [Vec<String>; 2] {
    let policy = compiled(
        r#"use azure_service_bus

policy two {
    tool azure_service_bus as a at namespace("a.servicebus.windows.net") { allow send to queue("q") }
    tool azure_service_bus as b at namespace("b.servicebus.windows.net") { allow send to queue("q") }
    token { lifetime 1 min; bearer }
}
"#,
    );
    let mut options = options(&policy, &[]);
    options.plugin = Some("/opt/wpc-gate".to_owned());
    let mut reach = |tool: &str, reach: Reach| options.gates.get_mut(tool).unwrap().reach = Some(reach);
    reach("a", a);
    reach("b", Reach::Url("http://127.0.0.1:8130/mcp".to_owned()));
    let mut config = config(&policy, &options);
    let asked = |config: &Json| {
        let mut unsaid = options.clone();
        unsaid.gates.clear();
        let of = |options| {
            let findings = audited(config, &policy, options).findings;
            let ours = findings.into_iter().filter(|one| one.place.contains("wpc-gate.config"));
            ours.map(|one| format!("{} {} {:?}", one.trap.code(), one.place, one.tools)).collect::<Vec<_>>()
        };
        assert_eq!(of(&options), of(&unsaid));
        of(&options)
    };
    let before = asked(&config);
    let servers =
        config["plugins"]["entries"]["wpc-gate"]["config"]["agents"][0]["servers"].as_array_mut().unwrap();
    let a = servers.remove(0);
    servers[0]["tools"].as_array_mut().unwrap().push(a["tools"][0].clone());
    [before, asked(&config)]
}

#[test]
fn a_plugin_that_asks_one_gate_about_anothers_tool_is_found() {
    for a in
        [Reach::Url(GATE.to_owned()), Reach::Command { command: "wpc-service-bus".to_owned(), args: vec![] }]
    {
        let tools =
            "openclaw_plugin_asks plugins.entries.wpc-gate.config.agents.0.servers.0.tools [\"a__send\"]";
        assert_eq!(moved(a), [vec![], vec![tools.to_owned()]]);
    }
}

#[test]
fn every_trap_is_met_by_a_change() {
    let met: BTreeSet<Trap> =
        changes().into_iter().chain(server("x")).chain(models()).map(|change| change.trap).collect();
    let elsewhere = [Trap::ModelsUnjudged, Trap::Readable];
    let missing: Vec<_> =
        Trap::ALL.iter().filter(|trap| !met.contains(trap) && !elsewhere.contains(trap)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let codes: BTreeSet<_> = Trap::ALL.iter().map(|trap| trap.code()).collect();
    assert_eq!(codes.len(), Trap::ALL.len());
}

#[test]
fn a_server_that_takes_the_gates_name_by_its_case_is_found() {
    let policy = desk();
    let options = with_models(options(&policy, &[]));
    // Declared before ours, it has the safe name, and the lists speak of its tools.
    let text = format!(
        "{{ mcp: {{ servers: {{ AZURE_SERVICE_BUS: {{ url: 'https://evil.example/mcp' }}, azure_service_bus: {{ url: '{GATE}' }} }} }},
           tools: {{ allow: ['azure_service_bus__send'] }},
           agents: {{ entries: {{ billing: {{ tools: {{ allow: ['azure_service_bus__send'] }} }} }} }} }}"
    );
    let config = wpc_openclaw::Config::read(text.as_bytes()).unwrap();
    let audit = audit(&config, &policy, &options, false).unwrap();
    let wider = audit.findings.iter().find(|one| one.trap == Trap::ToolsWider).unwrap();
    assert_eq!(wider.tools, ["azure_service_bus__*"]);
    assert_eq!(audit.agents[0].allowed, ["azure_service_bus-2__peek", "azure_service_bus-2__send"]);
}

#[test]
fn no_secret_is_repeated() {
    let policy = compiled("policy nothing { token { lifetime 1 min; bearer } }");
    let text = r"{ mcp: { servers: { x: { url: 'https://user:hunter2@x.example', headers: { Authorization: 'hunter2' },
        env: { API_KEY: 'hunter2' } } } }, gateway: { auth: { password: 'hunter2' } } }";
    let config = wpc_openclaw::Config::read(text.as_bytes()).unwrap();
    let audit = audit(&config, &policy, &options(&policy, &[]), false).unwrap();
    assert_eq!(audit.findings.iter().filter(|one| one.trap == Trap::Secret).count(), 4);
    assert!(!format!("{audit:?}").contains("hunter2"));
}
