//! What clawcontrols' and clawscope's clients ask, as it was recorded, and what they get here.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;
use wpc_client::wire::RevokeToken;
use wpc_model::OnChange;

use crate::requests::{fields, raw};
use crate::world::{OPERATOR, World, orders};

fn transcripts() -> Vec<Value> {
    let shared = std::env::var_os("WPC_SHARED").expect("WPC_SHARED names the folder of shared files");
    let bytes = std::fs::read(PathBuf::from(shared).join("vectors/service_transcripts.json")).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn asked(transcript: &Value) -> Option<(String, String, Vec<u8>)> {
    let name = transcript["name"].as_str()?;
    if !name.starts_with("clawcontrols") && !name.starts_with("clawscope") {
        return None;
    }
    let request = &transcript["request"];
    let body = request.get("body").map_or_else(Vec::new, |body| serde_json::to_vec(body).unwrap());
    Some((request["method"].as_str()?.to_owned(), request["path"].as_str()?.to_owned(), body))
}

fn answer(world: &World, method: &str, path: &str, body: &[u8]) -> (u16, Value) {
    let content = (method != "GET").then_some(body);
    let signed = fields(world, OPERATOR, method, path, content, 0);
    let answer = raw(world, &format!("{method} {path}"), &signed, content.unwrap_or_default());
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    // What is sent in chunks stands between their lengths.
    let json = body.get(body.find('{').unwrap()..=body.rfind('}').unwrap()).unwrap();
    (status, serde_json::from_str(json).unwrap())
}

/// The code in their words, from either's answer.
fn code(body: &Value) -> String {
    let error = &body["error"];
    error["code"].as_str().or(error.as_str()).or(body["code"].as_str()).unwrap_or("ok").to_owned()
}

fn names(value: &Value) -> BTreeSet<String> {
    value.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

#[test]
#[ignore = "needs the shared transcripts: WPC_SHARED"]
fn every_recorded_request_is_answered_in_their_shape() {
    let world = World::new();
    let mut told = Vec::new();
    for transcript in transcripts() {
        let Some((method, path, body)) = asked(&transcript) else { continue };
        let (status, ours) = answer(&world, &method, &path, &body);
        let theirs = &transcript["response"];
        let (was, is) = (&theirs["body"], &ours);
        // A refusal has their members, whatever it says.
        if is.get("error").is_some() && was.get("error").is_some() {
            assert!(names(was).is_subset(&names(is)), "{path}: {is}");
        }
        // So has a yes, where both say yes.
        if code(was) == "ok" && code(is) == "ok" {
            assert!(names(was).is_subset(&names(is)), "{path}: {was} {is}");
        }
        let name = transcript["name"].as_str().unwrap();
        told.push(format!("{name}: {} {} -> {status} {}", theirs["status"], code(was), code(is)));
    }
    assert_eq!(told.len(), 36);
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
#[ignore = "needs the shared transcripts: WPC_SHARED"]
fn what_is_issued_looked_at_and_revoked_has_their_members() {
    let world = World::new();
    let policy = orders();
    world.release(&policy, OnChange::Finish);
    let issued = world.issue(policy.hash());
    let operator = world.client(OPERATOR);
    let all = transcripts();
    let theirs = |name: &str| {
        let found = all.iter().find(|transcript| transcript["name"] == name).unwrap();
        names(&found["response"]["body"])
    };
    let missing = |name: &str, ours: Value| -> Vec<String> {
        theirs(name).difference(&names(&ours)).cloned().collect()
    };
    let value = |body: &dyn erased::Body| body.value();
    let lane = ["legacy_exchange_mode", "migration_notice", "policy_tier", "policy_version", "token_lane"];
    assert_eq!(missing("clawscope issue legacy (job)", value(&issued)), lane);
    let known = operator.introspect(&issued.token).unwrap();
    assert_eq!(missing("clawscope introspect", value(&known)), ["token_lane"]);
    let by_token = RevokeToken { token: Some(issued.token.clone()), ..RevokeToken::default() };
    let revoked = operator.revoke_token(&by_token).unwrap();
    assert_eq!(missing("clawscope revoke", value(&revoked)), [""; 0]);
    let again = operator.revoke_token(&by_token).unwrap();
    assert_eq!(missing("clawscope revoke again", value(&again)), [""; 0]);
    let known = operator.introspect(&issued.token).unwrap();
    assert_eq!(missing("clawscope introspect revoked", value(&known)), ["token_lane"]);
}

/// Bodies of any kind as JSON.
mod erased {
    pub(super) trait Body {
        fn value(&self) -> serde_json::Value;
    }

    impl<T: serde::Serialize> Body for T {
        fn value(&self) -> serde_json::Value {
            serde_json::to_value(self).unwrap()
        }
    }
}
