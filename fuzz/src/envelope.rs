//! DSSE envelopes, and the envelopes of gateways' receipts.

use std::sync::LazyLock;

use wpc::gateway_receipt::{Answered, Binding, GatewayReceipt};
use wpc::{Envelope, Key, POLICY_TYPE, Role, Trust, sign};
use wpc_model::{Cost, Hash};

/// The one payload that the trusted key ever signed as a policy.
const SIGNED: &[u8] = br#"{"wpc_version":"v1"}"#;
/// Signed by the same key, as something else.
const OTHER: &[u8] = b"{}";

/// Bytes that verify hold what was signed, as what it was signed: whatever else is written in them.
///
/// # Panics
///
/// Only if that does not hold.
pub fn envelope(data: &[u8]) {
    if let Ok(receipt) = GatewayReceipt::read(data) {
        let again = GatewayReceipt::read(receipt.as_str().as_bytes());
        assert!(again.is_ok_and(|again| again == receipt), "two readings of one receipt");
        let ours = *receipt.signer() == Key::from_seed(&[9; 32]).did();
        assert!(!ours || *receipt.said() == answered(), "forged");
    }
    let Some(trust) = TRUST.as_ref() else { return };
    if let Ok(verified) = Envelope::verify(data, POLICY_TYPE, trust, Role::PolicyAuthor) {
        assert_eq!(verified.payload, SIGNED, "forged");
        assert_eq!(verified.signers, ["author"], "somebody else signed");
    }
    assert!(
        Envelope::verify(data, POLICY_TYPE, trust, Role::Releaser).is_err(),
        "accepted in a role that no signer has"
    );
}

/// Envelopes to begin from: a good one, one of another type, one by nobody, one signed twice, and a receipt.
#[must_use]
pub fn signed() -> Vec<Vec<u8>> {
    let (author, nobody) = (|| Key::from_seed(&[7; 32]), || Key::from_seed(&[8; 32]));
    let receipt = GatewayReceipt::sign(&answered(), &Key::from_seed(&[9; 32]), 0).ok();
    let all = [
        sign(POLICY_TYPE, SIGNED, &[author()]),
        sign("text/plain", OTHER, &[author()]),
        sign(POLICY_TYPE, OTHER, &[nobody()]),
        sign(POLICY_TYPE, SIGNED, &[nobody(), author()]),
    ];
    all.into_iter().chain(receipt.map(|receipt| receipt.as_str().as_bytes().to_vec())).collect()
}

/// The one thing that the gateway ever said.
fn answered() -> Answered {
    Answered {
        receipt_id: "rcpt_1".to_owned(),
        gateway_id: "gateway".to_owned(),
        provider: "openai".to_owned(),
        model: "gpt-5".to_owned(),
        request_hash: Hash::of(b"request"),
        response_hash: Hash::of(b"response"),
        tokens_input: 10,
        tokens_output: 20,
        latency_ms: 12,
        timestamp: 0,
        binding: Binding {
            run_id: "job_1".to_owned(),
            event_hash: Some(Hash::of(b"event")),
            span_id: Some("span_1".to_owned()),
            ..Binding::default()
        },
        cost: Some(Cost { currency: "USD".to_owned(), minor_units: 1 }),
        notes: [].into(),
    }
}

static TRUST: LazyLock<Option<Trust>> = LazyLock::new(|| {
    let did = Key::from_seed(&[7; 32]).did();
    let author = format!(r#"{{"name":"author","keys":["{did}"],"roles":["policy_author"]}}"#);
    let trust = Trust::parse(format!(r#"{{"v":1,"principals":[{author}],"threshold":{{}}}}"#).as_bytes());
    trust.ok()
});
