//! "If SAS is used, a leaked key grants broad access until rotated"; and the credentials that agents hold.

use std::sync::Arc;

use serde_json::json;
use wpc::ledger::{Ledger, MemoryLedger};
use wpc::{Holder, JobId, Key};
use wpc_evidence::statement::Revoked;
use wpc_service_bus::SasKey;

use crate::told::Attack;
use crate::world::{World, agent as agent_key, issuer, opened, queue, text_of, trust_without};

/// A shared access key, as an agent would love to have it.
const KEY: &str = "dmVyeS1zZWNyZXQta2V5";

#[tokio::test(flavor = "multi_thread")]
async fn leaked_credentials() {
    let mut attack = Attack::new(
        "A leaked credential",
        "An agent looks for a shared access key; a thief has the agent's token, then the key of the service that issues \
         them.",
        "sender",
    );
    let text = text_of("sender");
    let message = json!({ "body": "1", "properties": { "schema_version": "1", "correlation_id": "c-1" } });
    let send = json!({ "resource": queue("orders-staging"), "messages": [message] });

    let entity = SasKey::of_queue("orders-staging", "sender", KEY).unwrap();
    let unsaid = World::as_of(&text, Some(entity)).await;
    let idle = unsaid.agent("job-1").await;
    let told = idle.call("send", send.clone()).await.0;
    attack.tried(
        "the gate has a shared access key, of which the policy says nothing",
        &told,
        "credential_not_allowed",
    );
    let says_entity = text.replace("    token {", "    credential { sas entity }\n\n    token {");
    let wide = World::as_of(&says_entity, Some(SasKey::of_namespace("root", KEY))).await;
    let told = wide.agent("job-1").await.call("send", send.clone()).await.0;
    attack.tried("a namespace's key under `credential { sas entity }`", &told, "credential_not_allowed");

    let entity = SasKey::of_queue("orders-staging", "sender", KEY).unwrap();
    let world = World::as_of(&says_entity, Some(entity)).await;
    let agent = world.agent("job-1").await;
    let (told, result) = agent.call("send", send.clone()).await;
    attack.tried("the queue's own key under that: to send an order", &told, "done");
    let seen = serde_json::to_string(&result).unwrap();

    let (thief, ledger) = (Key::from_seed(&[66; 32]), Arc::clone(&world.ledger));
    let token = world.token("job-2", &world.policy, &agent_key(), 900);
    let stolen = &token.issued().token;
    let grant = &token.issued().grant;
    let holder = Holder::new(stolen.as_str(), grant, &thief, &*ledger).unwrap();
    let found = opened(&world.policy, holder.identity(), &ledger, &world.trust).map(drop);
    let code = found.map_err(|error| error.code()).unwrap_err();
    attack.refused("the agent's token, without the agent's key", code, "proof_other_key");
    let elsewhere: Arc<dyn Ledger> = Arc::new(MemoryLedger::new(Key::from_seed(&[67; 32])).unwrap());
    let holder = Holder::new(stolen.as_str(), grant, &agent_key(), &*elsewhere).unwrap();
    let found = opened(&world.policy, holder.identity(), &elsewhere, &world.trust).map(drop);
    let code = found.map_err(|error| error.code()).unwrap_err();
    attack.refused("with the key, at a ledger of the thief's own", code, "token_wrong_ledger");
    let long = world.token("job-3", &world.policy, &agent_key(), 3_600);
    let found = opened(&world.policy, long.identity(), &ledger, &world.trust).map(drop);
    let code = found.map_err(|error| error.code()).unwrap_err();
    attack.refused("a token that lives an hour, where the policy says 15 minutes", code, "token_lifetime");

    world.revoke(Revoked::Job(JobId::parse("job-1").unwrap()));
    let told = agent.call("send", send.clone()).await.0;
    attack.tried("once the job is revoked: to send with the same token", &told, "job_revoked");
    let forged = world.token("job-4", &world.policy, &thief, 900);
    let thieves = opened(&world.policy, forged.identity(), &ledger, &world.trust).unwrap();
    world.revoke(Revoked::IssuerKey(issuer().did()));
    let told = world.behind(thieves).await.call("send", send).await.0;
    attack.tried(
        "with a token that a thief minted, once the issuer's key is revoked: to send",
        &told,
        "issuer_revoked",
    );
    let forged = world.token("job-5", &world.policy, &thief, 900);
    let without = trust_without("token_issuer");
    let found = opened(&world.policy, forged.identity(), &ledger, &without).map(drop);
    let code = found.map_err(|error| error.code()).unwrap_err();
    attack.refused(
        "with one minted afterwards, where the trust file has that key no more",
        code,
        "token_issuer_untrusted",
    );

    attack.after("`orders-staging` has one message", world.endpoint.count("orders-staging") == 1);
    let wires = [world.endpoint.wire(), unsaid.endpoint.wire(), wide.endpoint.wire()];
    let says = |bytes: &[u8]| bytes.windows(KEY.len()).any(|part| part == KEY.as_bytes());
    let told = ledger.entries(agent.gate.job(), 0, usize::MAX).unwrap();
    attack.after(
        "no wire, no answer to the agent and no entry of the ledger has the shared access key",
        !wires.iter().any(|wire| says(wire))
            && !says(seen.as_bytes())
            && !told.iter().any(|entry| says(entry)),
    );
    attack.limit(
        "Whoever has the key of the issuer mints tokens for any signed policy until the trust file drops the key: a \
         revocation stops those that were issued before it.",
    );
    attack.limit(
        "Whoever has a shared access key itself needs no gate: it works until it is rotated. Prefer Microsoft Entra ID, \
         roles on single entities (`wpc emit rbac`) and `disableLocalAuth`.",
    );
    insta::assert_snapshot!("credentials", attack.told(&world, &agent));
}
