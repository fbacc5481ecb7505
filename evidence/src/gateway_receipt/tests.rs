//! Receipts of model calls count as their gateway signed them, and no otherwise.

use serde_json::Value;
use wpc_model::{Cost, Hash};

use super::{Answered, Binding, GatewayReceipt, GatewayReceiptError, MAX_GATEWAY_RECEIPT_BYTES};
use crate::{JobId, Key, Trust};

fn gateway() -> Key {
    Key::from_seed(&[9; 32])
}

fn answered() -> Answered {
    Answered {
        receipt_id: "rcpt_1".to_owned(),
        gateway_id: "did:web:gateway.example".to_owned(),
        provider: "openai".to_owned(),
        model: "gpt-5".to_owned(),
        request_hash: Hash::of(b"request"),
        response_hash: Hash::of(b"response"),
        tokens_input: 10,
        tokens_output: 20,
        latency_ms: 12,
        timestamp: 1_767_323_045_678,
        binding: Binding {
            run_id: "job_1".to_owned(),
            event_hash: Some(Hash::of(b"event")),
            nonce: Some("nonce".to_owned()),
            policy_hash: Some(Hash::of(b"policy")),
            token_scope_hash: Some(Hash::of(b"scope")),
            span_id: Some("span_1".to_owned()),
            parent_span_id: Some("span_0".to_owned()),
        },
        cost: Some(Cost { currency: "USD".to_owned(), minor_units: 12 }),
        notes: [("end".to_owned(), "complete".to_owned()), ("status".to_owned(), "200".to_owned())].into(),
    }
}

fn signed() -> GatewayReceipt {
    GatewayReceipt::sign(&answered(), &gateway(), 1_767_323_046_000).unwrap()
}

#[test]
fn what_a_gateway_signed_reads_and_has_one_spelling() {
    let receipt = signed();
    assert_eq!((receipt.said(), receipt.signer()), (&answered(), &gateway().did()));
    assert_eq!(GatewayReceipt::read(receipt.as_str().as_bytes()).as_ref(), Ok(&receipt));
    // Another order of the envelope's members, and space between them, is the same receipt.
    let value: Value = serde_json::from_str(receipt.as_str()).unwrap();
    let members: Vec<_> = value.as_object().unwrap().iter().rev().collect();
    let spaced = members.iter().map(|(name, value)| format!(" \"{name}\" : {value} "));
    let spaced = format!("{{{}}}", spaced.collect::<Vec<_>>().join(","));
    assert_eq!(GatewayReceipt::read(spaced.as_bytes()), Ok(receipt));
    let plain = Answered {
        cost: None,
        notes: [].into(),
        binding: Binding { run_id: "j".to_owned(), ..Binding::default() },
        ..answered()
    };
    let receipt = GatewayReceipt::sign(&plain, &gateway(), 0).unwrap();
    assert_eq!(receipt.said(), &plain);
}

#[test]
fn every_byte_of_a_receipt_counts_but_when_it_was_issued() {
    let receipt = signed();
    let text = receipt.as_str();
    let issued = text.find("2026-01-02T03:04:06").unwrap();
    for at in 0..text.len() {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] ^= 1;
        match GatewayReceipt::read(&bytes) {
            Err(_) => {}
            Ok(other) => assert!((issued..issued + 24).contains(&at) && other.hash() == receipt.hash()),
        }
    }
    let long = vec![b' '; MAX_GATEWAY_RECEIPT_BYTES + 1];
    assert_eq!(GatewayReceipt::read(&long), Err(GatewayReceiptError::TooLarge));
}

#[test]
fn unsigned_malleable_and_doubled_receipts_are_refused() {
    let text = signed().as_str().to_owned();
    let code = |text: &str| GatewayReceipt::read(text.as_bytes()).unwrap_err().code();
    let value: Value = serde_json::from_str(&text).unwrap();
    // A bare payload is no receipt.
    assert_eq!(code(&value["payload"].to_string()), "malformed");
    // The same signature with bits set that base64 does not use: `A`, `Q`, `g`, `w` end it; then one more.
    let signature = value["signature_b64u"].as_str().unwrap();
    let last = signature.chars().next_back().unwrap();
    let other = char::from_u32(u32::from(last) + 1).unwrap();
    let malleable = format!("{}{other}", signature.strip_suffix(last).unwrap());
    assert_eq!(code(&text.replace(signature, &malleable)), "base64_malleable");
    assert_eq!(code(&text.replace("\"tokens_input\":10", "\"tokens_input\":1")), "receipt_signature");
    let twice =
        text.replace("\"algorithm\":\"Ed25519\"", "\"algorithm\":\"Ed25519\",\"algorithm\":\"Ed25519\"");
    assert_eq!(code(&twice), "malformed");
    assert_eq!(code(&text.replace("SHA-256", "BLAKE3")), "malformed");
    // The payload's own members: signed anew, so that only the schema can refuse them.
    let resigned = |from: &str, to: &str| {
        let payload = serde_json::to_string(&value["payload"]).unwrap();
        assert!(payload.contains(from), "{payload}");
        let payload = payload.replace(from, to);
        let hash = Hash::of(payload.as_bytes());
        let signature = gateway().sign(hash.to_string().as_bytes());
        super::text(&payload, &hash, &signature, &gateway().did(), "2026-01-02T03:04:06.000Z")
    };
    for (from, to) in [
        ("\"tokens_input\":10", "\"tokens_input\":10,\"tokens_input\":0"),
        ("\"tokens_input\":10", "\"tokens_input\":1.5"),
        ("\"tokens_input\":10", "\"tokens_input\":10000001"),
        ("\"receipt_version\":\"1\"", "\"receipt_version\":\"2\""),
        ("\"span_id\":\"span_1\"", "\"spanId\":\"span_1\""),
        ("\"model\":\"gpt-5\"", "\"model\":\"gpt-*\""),
        ("\"run_id\":\"job_1\"", "\"run_id\":\"\""),
        ("\"currency\":\"USD\"", "\"currency\":\"usd\""),
        ("\"provider\"", "\"more\":1,\"provider\""),
        ("\"end\":\"complete\"", "\"end\":\"complete\",\"end\":\"cancelled\""),
        ("\"end\":\"complete\"", "\"end\":1"),
        ("\"end\":\"complete\"", "\"end\":\"\""),
    ] {
        assert_eq!(code(&resigned(from, to)), "malformed", "{to}");
    }
    // Other metadata is signed, and means nothing.
    assert!(GatewayReceipt::read(resigned("\"wpc_cost\"", "\"more\":{},\"wpc_cost\"").as_bytes()).is_ok());
}

#[test]
fn a_receipt_belongs_to_one_job_policy_and_token() {
    let receipt = signed();
    let job = |name| JobId::parse(name).unwrap();
    let (policy, scope) = (Hash::of(b"policy"), Hash::of(b"scope"));
    assert_eq!(receipt.belongs(&job("job_1"), &[policy], &[scope]), Ok(()));
    for (name, policies, scopes, what) in [
        ("job_2", [policy], vec![scope], "job"),
        ("job_1", [scope], vec![scope], "policy"),
        ("job_1", [policy], vec![policy], "token"),
        ("job_1", [policy], vec![], "token"),
    ] {
        let found = receipt.belongs(&job(name), &policies, &scopes);
        assert_eq!(found, Err(GatewayReceiptError::Binding(what)));
    }
    let bare = Binding { run_id: "job_1".to_owned(), ..Binding::default() };
    let bare = GatewayReceipt::sign(&Answered { binding: bare, ..answered() }, &gateway(), 0).unwrap();
    assert_eq!(bare.belongs(&job("job_1"), &[policy], &[]), Ok(()));
    // A job with tokens takes none that names no token.
    assert_eq!(bare.belongs(&job("job_1"), &[policy], &[scope]), Err(GatewayReceiptError::Binding("token")));
}

#[test]
fn only_a_model_gateways_signature_counts() {
    let trust = |role: &str| {
        let text = format!(
            r#"{{"v":1,"principals":[{{"name":"p","keys":["{}"],"roles":["{role}"]}}]}}"#,
            gateway().did()
        );
        Trust::parse(text.as_bytes()).unwrap()
    };
    assert_eq!(signed().trusted(&trust("model_gateway")), Ok(()));
    assert_eq!(signed().trusted(&trust("approver")), Err(GatewayReceiptError::Untrusted));
}

#[test]
#[ignore = "reads the vectors in WPC_SHARED"]
fn a_clawsig_gateways_receipt_reads() {
    let path = std::env::var("WPC_SHARED").unwrap() + "/vectors/vectors.json";
    let text = std::fs::read_to_string(path).unwrap();
    let vectors: Value = serde_json::from_str(&text).unwrap();
    let vector = &vectors["envelopes"]["gateway_receipt"];
    // The members of the payload in the order in which they were signed.
    let wire = vector["hashed_bytes_utf8"].as_str().unwrap();
    let mut envelope = vector["envelope"].clone();
    envelope["payload"] = Value::from("PAYLOAD");
    let envelope = envelope.to_string().replace("\"PAYLOAD\"", wire);
    let receipt = GatewayReceipt::read(envelope.as_bytes()).unwrap();
    assert_eq!(receipt.hash().to_string(), vector["signed_bytes_utf8"].as_str().unwrap());
    assert_eq!((receipt.said().model.as_str(), receipt.said().latency_ms), ("gpt-5", 12));
    assert!(receipt.as_str().contains(wire));
    // In the order of canonical JSON it is another text.
    let sorted = vector["envelope"].to_string();
    assert_eq!(GatewayReceipt::read(sorted.as_bytes()), Err(GatewayReceiptError::Signature));
}
