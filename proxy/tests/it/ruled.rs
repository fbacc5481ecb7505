//! Policies that also have rules for calls of models, and configurations that do not start.

use std::sync::Arc;

use wpc::ledger::{Ledger, MemoryLedger};
use wpc::{Key, POLICY_TYPE, sign};
use wpc_proxy::{Prices, Proxy, Secret, Upstream};

use crate::rig::{ALLOW, World, compiled, completion, config, ledger_key, policy, quick, trust};
use crate::upstream::Step;

const RULES: &str = r#"
use models
policy ask {
    tool models {
        allow complete on model("openai", "gpt-5") when {
            input_tokens <= 400
            max_output_tokens <= 100
            each tools in ["search"]
        }
        limit calls of complete to 2 per job
        limit cost of complete to 5.00 USD per job
    }
    models { allow "openai/gpt-5", "groq/llama-3.3-70b" }
    token { lifetime 1 h; pin policy; bind job; bearer }
}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn rules_of_the_tool_models_hold_for_every_call() {
    let world = World::of(RULES, quick()).await;
    world.provider.answers(&completion("gpt-5", 5, 5));
    let client = world.client("j");
    let tool = |name: &str| {
        format!(r#","max_tokens":50,"tools":[{{"type":"function","function":{{"name":"{name}"}}}}]"#)
    };
    for (more, code) in [
        (tool("shell"), "default_deny"),
        (r#","max_tokens":500"#.to_owned(), "default_deny"),
        (format!(r#","max_tokens":50,"x":"{}""#, "y".repeat(400)), "default_deny"),
        (String::new(), "max_output_missing"),
    ] {
        let said = client.chat(&more).await;
        assert_eq!(said.code(), code, "{more}: {}", said.text());
    }
    let unpriced =
        client.post("/groq/v1/chat/completions", r#"{"model":"llama-3.3-70b","max_tokens":9}"#).await;
    assert_eq!((unpriced.status, unpriced.code()), (403, "model_price_unknown"));
    assert!(world.provider.sent().is_empty());
    assert_eq!(client.chat(&tool("search")).await.status, 200);
    world.provider.does(vec![Step::Hang]);
    assert_eq!(client.chat(r#","max_tokens":50"#).await.status, 504);
    assert_eq!(client.chat(r#","max_tokens":50"#).await.code(), "limit_exceeded");
    let log: Vec<_> = world.log("j").into_iter().filter(|one| !one.starts_with("refused")).collect();
    assert_eq!(
        log,
        [
            "deny complete",
            "deny complete",
            "deny complete",
            "allow complete",
            "model_call 1",
            "done",
            "allow complete",
            "model_call 1",
            "unknown",
            "deny complete",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_not_be_enforced_does_not_start() {
    let started = |text: &str, change: &dyn Fn(&mut wpc_proxy::Config)| {
        let policy = compiled(text);
        let artifact = sign(POLICY_TYPE, &wpc_model::encode(&policy), &[crate::rig::author()]);
        let ledger: Arc<dyn Ledger> = Arc::new(MemoryLedger::new(ledger_key()).unwrap());
        let mut config = config("http://127.0.0.1:1", "http://127.0.0.1:2", quick());
        change(&mut config);
        Proxy::new(artifact, &policy, trust(), ledger, config).map(|_| ()).map_err(|error| error.code())
    };
    let upstream = |name: &'static str, url: &'static str| {
        move |config: &mut wpc_proxy::Config| {
            let one = Upstream { url: url.to_owned(), key: Some(Secret::new("k")) };
            config.upstreams.insert(name.to_owned(), one);
        }
    };
    let allow = policy(ALLOW);
    assert_eq!(started(&allow, &|_| {}), Ok(()));
    assert_eq!(started(&allow, &|config| config.key = Key::from_seed(&[99; 32])), Err("gateway_key"));
    assert_eq!(started(&allow, &|config| config.key = ledger_key()), Err("gateway_key"));
    assert_eq!(started("policy p { token { pin policy; bind job } }", &|_| {}), Err("models_missing"));
    let money = policy(&format!("{ALLOW}; budget 1.00 EUR"));
    assert_eq!(started(&money, &|_| {}), Err("prices_missing"));
    let euros = br#"{"v":1,"currency":"EUR","models":{}}"#;
    assert_eq!(started(&money, &|config| config.prices = Some(Prices::parse(euros).unwrap())), Ok(()));
    for (name, url) in [
        ("openai", "http://api.openai.com"),
        ("openai", "http://127.0.0.1.example.com"),
        ("openai", "ftp://127.0.0.1"),
        ("openai", "https://user:pass@api.openai.com"),
        ("openai", "https://api.openai.com?key=1"),
        ("openai", "nonsense"),
        ("v1", "https://api.openai.com"),
        ("Open AI", "https://api.openai.com"),
    ] {
        assert_eq!(started(&allow, &upstream(name, url)), Err("upstream_refused"), "{name} {url}");
    }
    assert_eq!(started(&allow, &upstream("mistral", "https://api.mistral.ai/")), Ok(()));
}
