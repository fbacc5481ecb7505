//! What is emitted lets through what the policy offers, whatever it is applied to.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use wpc_mcp::Catalogue;
use wpc_model::{Policy, arbitrary};
use wpc_openclaw::{EmitError, Reach, Severity, Trap, emit};

use crate::stand::{applied, audited, cases, compiled, config, desk, emitted, found, options, with_models};

/// Policies of which a configuration can be written: without proof of a key, for any agent.
fn writable(mut policy: Policy) -> Policy {
    policy.auth.proof_of_possession = false;
    policy.settings.agents.clear();
    policy.parents = policy.parents.into_iter().map(writable).collect();
    policy
}

/// Policies of which a configuration can be written, some that extend others.
fn policies() -> BoxedStrategy<Policy> {
    prop_oneof![arbitrary::policy(), arbitrary::extending()].prop_map(writable).boxed()
}

/// What an operator may have had before; the patch closes each.
fn before() -> Vec<Json> {
    let tools = |tools: Json| json!({ "tools": tools });
    let own = |agent: Json| json!({ "agents": { "entries": { "billing": agent } } });
    vec![
        tools(json!({ "profile": "full" })),
        tools(json!({ "alsoAllow": ["exec", "*"] })),
        tools(json!({ "allow": [] })),
        tools(json!({ "deny": [] })),
        tools(json!({ "byProvider": { "openai": { "profile": "minimal" } } })),
        tools(json!({ "toolsBySender": { "*": { "allow": ["exec"] } } })),
        tools(json!({ "sandbox": { "tools": { "allow": [], "deny": [], "alsoAllow": ["exec"] } } })),
        tools(json!({ "elevated": { "enabled": true, "allowFrom": { "telegram": ["*"] } } })),
        tools(json!({ "exec": { "security": "full", "ask": "off", "host": "gateway" } })),
        tools(json!({ "codeMode": true, "toolSearch": true, "fs": { "workspaceOnly": false } })),
        own(json!({ "tools": { "profile": "full", "alsoAllow": ["exec"], "codeMode": "auto" } })),
        own(json!({ "tools": { "sandbox": { "tools": { "deny": [] } }, "elevated": { "enabled": true } } })),
        own(json!({ "sandbox": { "mode": "off", "workspaceAccess": "rw", "scope": "shared" } })),
        own(
            json!({ "sandbox": { "docker": { "network": "host", "binds": ["/:/host"], "capDrop": [], "user": "0" } } }),
        ),
        json!({ "agents": { "defaults": { "sandbox": { "mode": "non-main", "browser": { "enabled": true } } } } }),
        json!({ "agents": { "defaults": { "elevatedDefault": "full" } } }),
        json!({ "agents": { "entries": { "main": { "tools": { "profile": "full", "alsoAllow": ["*"] } } } } }),
        json!({ "gateway": { "tools": { "allow": ["exec"] } } }),
        json!({ "plugins": { "allow": ["anything"] } }),
    ]
}

/// The tools of a policy under the names that a model sees, as they are compared.
fn names(policy: &Policy) -> BTreeSet<String> {
    let of = |tool: &String| {
        let server = wpc_openclaw::safe_servers([tool.as_str()]).remove(0);
        let offers = Catalogue::of_tool(policy, tool);
        let names = offers.offers().map(|offer| wpc_openclaw::tool_name(&server, &offer.name).to_lowercase());
        names.collect::<Vec<_>>()
    };
    policy.tools.keys().flat_map(of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(128)))]

    #[test]
    fn a_model_is_offered_the_policys_tools_and_no_others(
        policy in policies(),
        old in proptest::sample::subsequence(before(), 0..6),
        several in any::<bool>(),
    ) {
        let agents: &[&str] = if several { &["billing", "support"] } else { &["billing"] };
        let options = options(&policy, agents);
        let written = match emit(&policy, "HASH", &options) {
            Ok(written) => written,
            // Fails closed: nothing is written.
            Err(EmitError::NamesCollide(_)) => return Ok(()),
            Err(error) => panic!("{error}"),
        };
        let base = old.iter().fold(json!({}), applied);
        let config = applied(base, &written.patch);
        let audit = audited(&config, &policy, &options);
        let worse: Vec<_> = audit.findings.iter().filter(|one| one.trap != Trap::ModelsUnjudged).collect();
        prop_assert!(worse.is_empty(), "{:#?}\n{config:#}", found(&audit));
        for agent in &audit.agents {
            prop_assert_eq!(&agent.offered, &agent.allowed);
            prop_assert!(agent.named || agent.offered.is_empty());
            if agent.named && !several {
                prop_assert_eq!(agent.offered.iter().cloned().collect::<BTreeSet<_>>(), names(&policy));
            }
        }
    }

    #[test]
    fn no_allow_list_is_ever_empty(policy in policies()) {
        if let Ok(written) = emit(&policy, "HASH", &options(&policy, &["billing"])) {
            empty_lists(&written.patch, "")?;
        }
    }
}

fn empty_lists(node: &Json, name: &str) -> Result<(), TestCaseError> {
    if let Json::Array(list) = node
        && matches!(name, "allow" | "include" | "alsoAllow")
    {
        prop_assert!(!list.is_empty(), "an empty {name}");
        let named = |entry: &Json| {
            entry.as_str().is_some_and(|entry| !entry.trim().is_empty() && !entry.contains('*'))
        };
        prop_assert!(list.iter().all(named));
    }
    node.as_object().into_iter().flatten().try_for_each(|(name, node)| empty_lists(node, name))
}

#[test]
fn what_is_emitted_is_what_was_reviewed() {
    let mut options = with_models(options(&desk(), &[]));
    options.plugin = Some("/opt/wpc-gate".to_owned());
    let written = emitted(&desk(), &options);
    insta::assert_snapshot!("patch", format!("{:#}", written.patch));
    insta::assert_snapshot!("conformance", format!("{:#}", written.conformance));
    assert_eq!(written.variables, ["WPC_TOKEN", "WPC_GRANT", "WPC_MODEL_TOKEN", "WPC_MODEL_GRANT"]);
    assert!(written.warnings.is_empty());
}

#[test]
fn a_policy_that_allows_nothing_denies_everything() {
    let nothing = compiled("policy nothing { token { lifetime 1 min; bearer } }");
    let options = options(&nothing, &[]);
    let written = emitted(&nothing, &options);
    assert_eq!(written.patch["tools"]["deny"], json!(["*"]));
    assert_eq!(written.patch["mcp"]["servers"], json!({}));
    assert_eq!(written.agents, [("main".to_owned(), vec![])]);
    let audit = audited(&config(&nothing, &options), &nothing, &options);
    assert!(audit.findings.is_empty(), "{:?}", found(&audit));
    assert!(audit.agents.iter().all(|agent| agent.offered.is_empty()));
}

#[test]
fn agents_do_not_share_a_token() {
    let mut policy = desk();
    policy.settings.agents.clear();
    let mut options = with_models(options(&policy, &["billing", "sup-port"]));
    options.plugin = Some("/opt/wpc-gate".to_owned());
    let written = emitted(&policy, &options);
    let servers = &written.patch["mcp"]["servers"];
    assert_eq!(
        servers["azure_service_bus-billing"]["headers"]["Authorization"],
        "Bearer ${WPC_TOKEN_BILLING}"
    );
    assert_eq!(servers["azure_service_bus-sup-port"]["headers"]["WPC-Grant"], "${WPC_GRANT_SUP_PORT}");
    let plugin = &written.patch["plugins"]["entries"]["wpc-gate"]["config"]["agents"];
    let asks = |at: usize| {
        let server = &plugin[at]["servers"][0];
        [
            &plugin[at]["id"],
            &server["tokenVariable"],
            &server["tools"][1]["name"],
            &server["tools"][1]["gate"],
        ]
        .map(|said| said.as_str().unwrap().to_owned())
    };
    assert_eq!(asks(0), ["billing", "WPC_TOKEN_BILLING", "azure_service_bus-billing__send", "send"]);
    assert_eq!(asks(1), ["sup-port", "WPC_TOKEN_SUP_PORT", "azure_service_bus-sup-port__send", "send"]);
    let deny = written.patch["agents"]["entries"]["billing"]["tools"]["deny"].as_array().unwrap();
    assert!(deny.contains(&json!("azure_service_bus-sup-port__*")));
    let audit = audited(&config(&policy, &options), &policy, &options);
    assert!(audit.findings.iter().all(|one| one.severity == Severity::Note), "{:?}", found(&audit));
    let offered: Vec<_> =
        audit.agents.iter().map(|agent| (agent.agent.as_str(), agent.offered.len())).collect();
    assert_eq!(offered, [("billing", 2), ("main", 0), ("sup-port", 2)]);
}

#[track_caller]
fn refused(policy: &Policy, change: impl FnOnce(&mut wpc_openclaw::Options), code: &str) {
    let mut options = options(policy, &[]);
    change(&mut options);
    assert_eq!(emit(policy, "HASH", &options).unwrap_err().code(), code);
}

#[test]
fn what_cannot_be_said_without_being_wider_is_not_written() {
    let desk = desk();
    let gate = |options: &mut wpc_openclaw::Options, reach: Option<Reach>| {
        options.gates.values_mut().for_each(|gate| gate.reach = reach.clone());
    };
    refused(&desk, |options| gate(options, None), "openclaw_no_gate");
    refused(
        &desk,
        |options| gate(options, Some(Reach::Url("http://gate.example/mcp".into()))),
        "openclaw_url",
    );
    refused(
        &desk,
        |options| gate(options, Some(Reach::Url("https://user@gate.example".into()))),
        "openclaw_url",
    );
    refused(&desk, |options| options.agents = vec!["Billing".into()], "openclaw_agent");
    refused(&desk, |options| options.agents = vec!["support".into()], "agent_not_admitted");
    refused(
        &desk,
        |options| drop(options.gates.insert("mail".into(), wpc_openclaw::Gate { server: None, reach: None })),
        "unknown_tool",
    );
    refused(
        &desk,
        |options| {
            *options = with_models(options.clone());
            options.models.iter_mut().for_each(|gateway| gateway.model = "gpt-7".into());
        },
        "model_not_allowed",
    );
    let mut proving = desk.clone();
    proving.auth.proof_of_possession = true;
    refused(&proving, |_| {}, "openclaw_proof");
    let launched = Some(Reach::Command { command: "wpc-service-bus".into(), args: vec![] });
    let mut anybody = desk.clone();
    anybody.settings.agents.clear();
    refused(
        &anybody,
        |options| {
            gate(options, launched.clone());
            options.agents = vec!["a".into(), "b".into()];
        },
        "openclaw_launched",
    );
    // Beside it there is no place to ask.
    refused(
        &desk,
        |options| {
            gate(options, Some(Reach::Url("http://127.0.0.1:8128/ask".into())));
            options.plugin = Some("/opt/wpc-gate".into());
        },
        "openclaw_url",
    );
    // Proved over standard input and output, and the weaker choice.
    let mut options = options(&proving, &[]);
    gate(&mut options, launched);
    options.plugin = Some("/opt/wpc-gate".into());
    let written = emitted(&proving, &options);
    assert!(written.warnings.iter().any(|warning| warning.contains("launches the gate")));
    assert!(written.variables.is_empty());
    let plugin = &written.patch["plugins"]["entries"]["wpc-gate"]["config"]["agents"][0]["servers"][0];
    assert_eq!((&plugin["launched"], plugin.get("ask")), (&json!(true), None));
}

#[test]
fn servers_and_tools_that_openclaw_would_rename_are_refused() {
    let two = compiled(
        r#"use azure_service_bus

policy two {
    tool azure_service_bus as orders at namespace("a.servicebus.windows.net") { allow peek from queue("q") }
    tool azure_service_bus as mail at namespace("b.servicebus.windows.net") { allow peek from queue("q") }
    token { lifetime 1 min; bearer }
}
"#,
    );
    refused(
        &two,
        |options| options.gates.values_mut().for_each(|gate| gate.server = Some("Bus".into())),
        "openclaw_names",
    );
    let written = emitted(&two, &options(&two, &[]));
    assert_eq!(
        written.agents,
        [("main".to_owned(), vec!["mail__peek".to_owned(), "orders__peek".to_owned()])]
    );
}
