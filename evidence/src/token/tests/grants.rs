//! Grants.

use super::*;
use crate::sign;
use crate::token::grant::{self, GRANT_TYPE};

fn refusal(envelope: &[u8]) -> &'static str {
    grant::verify(envelope, &trust()).unwrap_err().code()
}

#[test]
fn a_grant_says_what_its_token_says() {
    let issued = issued();
    let grant = grant::verify(&issued.grant, &trust()).unwrap();
    let token = verified(issued.token.as_str()).unwrap();
    assert_eq!((grant.claims(), grant.hash()), (token.claims(), token.grant_hash()));
    assert_eq!((grant.issuers(), grant.principals()), (&[issuer().did()][..], &["issuer".to_owned()][..]));
    // Who has the grant does not have the token.
    let text = String::from_utf8(issued.grant).unwrap();
    assert!(!text.contains(issued.token.as_str().rsplit('.').next().unwrap()));
}

#[test]
fn a_token_is_no_grant() {
    assert_eq!(refusal(issued().token.as_str().as_bytes()), "grant_is_token");
}

#[test]
fn what_no_issuer_signed_as_a_grant_is_none() {
    let payload = issued().token.claims().to_canonical();
    let by = |seed| Key::from_seed(&[seed; 32]);
    assert_eq!(refusal(&sign(GRANT_TYPE, &payload, &[by(9)])), "signer_untrusted");
    assert_eq!(refusal(&sign(GRANT_TYPE, &payload, &[by(4)])), "role_mismatch");
    assert_eq!(refusal(&sign(crate::POLICY_TYPE, &payload, &[issuer()])), "payload_type");
    assert_eq!(refusal(b"{}"), "malformed");
    assert_eq!(refusal(&vec![b' '; grant::MAX_GRANT_BYTES + 1]), "too_large");
    // The signatures of a token and of a grant are over different bytes.
    let issued = issued();
    let signature = issued.token.as_str().rsplit('.').next().unwrap();
    let mut envelope: serde_json::Value = serde_json::from_slice(&issued.grant).unwrap();
    envelope["signatures"][0]["sig"] = format!("{signature}==").into();
    assert_eq!(refusal(envelope.to_string().as_bytes()), "signature_invalid");
}

#[test]
fn a_grant_has_one_spelling() {
    let grant = |payload: &str| sign(GRANT_TYPE, payload.as_bytes(), &[issuer()]);
    let claims = String::from_utf8(issued().token.claims().to_canonical()).unwrap();
    grant::verify(&grant(&claims), &trust()).unwrap();
    let ledger = ledger();
    assert_eq!(refusal(&grant(&format!("{claims} "))), "not_canonical");
    assert_eq!(
        refusal(&grant(&claims.replace(&format!(r#"["{ledger}"]"#), &format!(r#""{ledger}""#)))),
        "not_canonical"
    );
    assert_eq!(refusal(&grant(&claims.replacen("wpc:call", "*", 1))), "token_scope_hash");
    assert_eq!(refusal(&grant("{}")), "token_claims");
}
