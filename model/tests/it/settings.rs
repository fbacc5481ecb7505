//! Settings: one spelling, and what no policy may say.

use serde_json::{Value as Json, json};
use wpc_model::{
    Cost, Credential, Filesystem, JsonPath, Meta, Model, Models, Network, OnChange, Policy, Principal,
    Redact, Redaction, Sandbox, Settings, Validity, decode, encode,
};

use crate::decode::bytes;
use crate::example::example;

/// The example with every setting there is.
pub(crate) fn demanding() -> Policy {
    let path = |text| JsonPath::parse(text).unwrap();
    let model = |provider: &str, name: &str| Model { provider: provider.into(), name: name.into() };
    let settings = Settings {
        models: Some(Models {
            allow: vec![model("openai", "gpt-5"), model("anthropic", "claude-sonnet-4")],
            providers: vec!["mistral".into()],
            tokens: Some(1_000_000),
            cost: Some(Cost { currency: "USD".into(), minor_units: 500 }),
            redact: vec![
                Redaction { path: path("$.b[*]"), how: Redact::Hash },
                Redaction { path: path("$..a"), how: Redact::Mask },
            ],
        }),
        sandbox: Some(Sandbox {
            network: Network::Outbound,
            filesystem: Filesystem::ReadOnly,
            elevated: false,
        }),
        agents: vec![Principal::Name("mailer".into()), Principal::Did("did:web:example.com".into())],
        requesters: vec![Principal::Name("operations".into())],
        environment: Some("staging".into()),
        credential: Some(Credential::SasEntity),
        valid: Validity { from: Some(0), until: Some(1_800_000_000_000) },
        on_change: OnChange::Drain,
        meta: Meta { owner: Some("orders team".into()), notes: vec!["see the runbook".into(), "a".into()] },
    };
    Policy { settings, ..example() }.normalise()
}

#[test]
fn settings_are_written_under_their_names() {
    let mut json: Json = serde_json::from_slice(&encode(&demanding())).unwrap();
    let members = json.as_object_mut().unwrap();
    for other in ["approvals", "auth", "evidence", "policy_name", "tools", "wpc_version"] {
        members.remove(other).unwrap();
    }
    insta::assert_snapshot!(format!("{json:#}"));
}

#[test]
fn settings_that_say_the_default_are_not_there() {
    let settings =
        Settings { valid: Validity::default(), on_change: OnChange::Finish, ..Settings::default() };
    assert_eq!(encode(&Policy { settings, ..example() }), encode(&example()));
}

/// The artifact, edited: refused with what begins as `expect` does.
#[track_caller]
fn check(edit: impl FnOnce(&mut Json), expect: &str) {
    let mut tree: Json = serde_json::from_slice(&encode(&demanding())).unwrap();
    edit(&mut tree);
    let refused = decode(&bytes(&tree)).unwrap_err().to_string();
    assert!(refused.starts_with(expect), "{refused}");
}

#[test]
fn settings_that_no_compiler_writes_are_refused() {
    let put =
        |place: &'static str, value: Json| move |tree: &mut Json| *tree.pointer_mut(place).unwrap() = value;
    check(
        put("/agents", json!([{"name": "did:x"}])),
        "invalid: $.agents[0]: `did:x` begins as a decentralised identifier does",
    );
    check(
        put("/agents", json!([{"did": "x"}])),
        "invalid: $.agents[0]: `x` is not of the form `did:method:id`",
    );
    check(put("/requesters", json!([{"name": "b"}, {"name": "a"}])), "invalid: $.requesters: is not sorted");
    check(put("/requesters", json!([])), "not_canonical: ");
    check(put("/environment", json!("")), "invalid: $.environment: `` is empty");
    check(put("/valid", json!({"from": 1, "until": 1})), "invalid: $.valid: ends before it begins");
    check(put("/valid/until", json!(253_402_300_800_000_i64)), "invalid: $.valid.until: is out of range");
    check(put("/meta/owner", json!("a\u{7}")), "invalid: $.meta.owner: `a\\u{7}` holds '\\u{7}'");
    check(put("/models/allow", json!([])), "not_canonical: ");
    check(
        put("/models/allow/0/model", json!("gpt-*")),
        "invalid: $.models.allow[0].model: `gpt-*` holds '*'",
    );
    check(
        put("/models/providers", json!(["openai"])),
        "invalid: $.models.allow[1]: is a model of a provider that is allowed as a whole",
    );
    check(put("/models/budget/tokens", json!(0)), "invalid: $.models.budget.tokens: must be at least 1");
    check(
        put("/models/budget/cost/currency", json!("usd")),
        "invalid: $.models.budget.cost.currency: `usd` is no currency",
    );
    check(put("/models/redact/0/path", json!("$['a']")), "not_canonical: ");
    check(
        put("/models/redact/1/path", json!("$.b[*]")),
        "invalid: $.models.redact: is not sorted by path, or has one twice",
    );
    check(put("/on_change", json!("finish")), "not_canonical: ");
    check(put("/sandbox/network", json!("all")), "malformed");
    check(put("/models/redact/0/path", json!("$[0]")), "malformed");
}

#[test]
fn models_that_allow_none_are_refused() {
    let models = Some(Models { tokens: Some(1), ..Models::default() });
    let policy = Policy { settings: Settings { models, ..Settings::default() }, ..example() };
    assert_eq!(policy.check().unwrap_err().to_string(), "$.models: names no model and no provider");
}
